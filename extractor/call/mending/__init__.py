"""The parts of `mend.py`: a reader of near-JSON that tells all that it changed, guessed or left out.

`readings.py` and `roots.py` find where JSON stands in an answer. `reader.py` reads it: `steps.py`, `brackets.py`,
`strings.py` and `bare.py` say how a reading can go on and at what price, `builder.py` makes the value of the cheapest.
`fit.py` fits a value to its schema.
"""
