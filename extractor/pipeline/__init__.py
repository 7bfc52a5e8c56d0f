"""Documents flow through stages: load, chunk, extract, merge, ground, store.

`extractor.py` is the face for one document, `pipeline.py` for a folder; `journal.py` remembers every paid answer.
"""
