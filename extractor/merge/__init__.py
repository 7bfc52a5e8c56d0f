"""The answers about a document's chunks become one value, with its place in the source and how sure it is.

Pure and deterministic.
"""
