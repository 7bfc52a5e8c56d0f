"""What the text of a document is made of, and where it may be cut. Pure.

`tokens.py` counts; `structure.py` finds tables, records and headings; `cuts.py` divides a text at the best places;
`context.py` collects what a reader of one stretch misses; `density.py` estimates how long an answer will be. `split.py`
is the public function on top.
"""
