"""Near-JSON to JSON: the text, the values by kind, the shape. Pure: no I/O, no settings.

mend.py asks readings.py for each way to read a text, fitting.py fits a value to its schema, kinds.py is the table of
how a value is read by kind. `Mended` is the result, with a `Change` for everything that is not as the model wrote it.
"""
