"""The conversation with the model: ask, validate, mend, repair, fall back.

`conversation.py` is the policy, as generators of effects; `drivers.py` runs them; `http.py` alone knows HTTP.
"""
