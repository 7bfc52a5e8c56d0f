"""Tables of the finished records, in files and in databases, beside records.jsonl.

`layout.py` turns a schema into tables and `rows.py` records into rows; `formats.py` opens the formats by name.
Each format is a file of its own, the only one that imports its library.
"""
