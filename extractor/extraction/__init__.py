"""One document, from its text and pictures to a value with evidence. This room knows no disk.

`parts.py` says what is asked about at a time and what each request shows, `reading.py` asks about one part until its
answer is whole, `extract.py` asks about a document, `join.py` makes one value of the answers, `ground.py` finds where
each value stands, `plan.py` prices all of it before anything is sent.
"""
