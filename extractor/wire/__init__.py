"""What Workers AI takes and gives, as values: requests, replies, streams, batches, its errors and its prices.

Pure: bytes in, values out. Nothing here opens a connection.
"""
