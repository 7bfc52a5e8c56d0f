"""A declared type or JSON Schema becomes what the model is asked for, and its reply becomes that type again.

Pure: no I/O, no clock. Start at `compiler.py`; `annotations.py` holds what people write beside their fields.
"""
