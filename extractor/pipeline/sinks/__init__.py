"""Further forms of the finished records, beside records.jsonl: tables in files and in databases.

`layout.py` turns a schema into tables and records into rows, and is pure; `formats.py` opens what a person names.
Each format stands in a file of its own, which alone touches its library.
"""
