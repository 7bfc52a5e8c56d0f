"""Near-JSON to JSON: the text, the values by kind, the shape. Pure: no I/O, no settings.

mend.py chooses among the ways to read a text; readings.py finds them: where values stand, strictly or by the cheapest
way to put one right (reader.py, one step at a time: steps.py, strings.py, brackets.py, words.py; builder.py makes the
value). fitting.py fits a value to its schema, kinds.py is the table of how a value is read by kind, evidence.py asks
the document. `Mended` is the result, with a `Change` for everything that is not as the model wrote it.
"""
