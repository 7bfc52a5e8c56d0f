"""One document, from the questions about it to one value whose every leaf has its place in the source.

Knows no disk and no network.
"""
