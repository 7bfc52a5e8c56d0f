"""Workers AI as values: requests, replies, streams, batches, errors, prices.

Pure: bytes in, values out. Nothing here opens a connection.
"""
