"""Documents through their stages (`stages.py`): load, classify, chunk, extract, merge, ground.

`Extractor` is for library calls, `Pipeline` for folders and other sources; both take a `Config`.
"""
