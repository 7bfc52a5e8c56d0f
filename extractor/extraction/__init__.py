"""One document, from its text and pictures to a value with evidence. Nothing here reads or writes files, but the plan.

`parts.py` decides what each request asks about and what it shows. `reading.py` asks about one part until its answer is
whole, `extract.py` about all parts of a document. `join.py` makes one value of the answers, `ground.py` finds where in
the text each value is, `confidence.py` rates it. `plan.py` loads documents and prices them before anything is sent.
"""
