"""One question to the model, whatever comes back: ask, read, repair, fall back to another form of request.

`conversation.py` is the policy, as generators of effects. `drive` in `effects.py` runs them on an event loop;
`background.py` has one for code without. `prompt.py` writes the messages, `form.py` puts them as the deployment takes
them, `deliver.py` retries, `http.py` sends one request within `limits.py` and `ledger.py`, and `reading.py` reads the
reply.
"""
