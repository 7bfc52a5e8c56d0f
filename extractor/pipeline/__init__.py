"""Documents through their stages: load, classify, chunk, extract, merge, ground (`stages.py`, run by `process.py`).

`extractor.py` is the interface for library calls, `pipeline.py` for a folder, `config.py` the settings of both.
`journal.py` stores every paid reply, `job.py` schedules the documents of a folder, `sinks/` writes tables.
"""
