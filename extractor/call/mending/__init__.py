"""The parts of `mend.py`: a reader of near-JSON that tells all that it changed, guessed or left out.

`roots.py` finds where JSON stands in an answer, `reader.py` reads it, `choose.py` weighs one reading against another.
"""
