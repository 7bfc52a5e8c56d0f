"""Files become a `Document`; a document becomes tokens and chunks with exact offsets.

A parsing library is touched in one file each.
"""
