"""Near-JSON to JSON: repairs the text, reads values by their kind, fits them to the schema. Pure: no I/O, no settings.

`mend.py` is the entry: it chooses among the ways to read a text, and returns `Mended` with a `Change` for everything
that differs from what the model wrote. `readings.py` finds these ways, strictly first, then by the cheapest repair
(`reader.py`, `steps.py`, `strings.py`, `words.py`). `fitting.py` fits a value to its schema, whatever shape it comes in
(`shapes.py`); `kinds.py` is the table of how values of each kind are read (with `numbers.py` and `times.py`), and
`evidence.py` looks them up in the document. `plain.py` tells at once of most replies that they need none of this.
"""
