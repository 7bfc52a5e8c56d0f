"""A declared type or JSON Schema becomes the schema that the model receives, and its reply becomes that type.

Pure: no I/O, no clock. Start at `compiler.py`; `annotations.py` has `Key`, `Merge` and `Quote`.
"""
