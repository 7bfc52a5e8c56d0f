"""A file becomes a `Document`: its text, and the pages, tables and pictures of it.

`load.py` is the entry. `sniff.py` and `containers.py` recognise the format, `readers.py` calls the parser in
`formats/`. Parsing libraries are imported when a file needs them.
"""
