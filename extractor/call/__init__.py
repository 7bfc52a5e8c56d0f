"""One question to the model, whatever comes back: ask, read, repair, fall back to another form of request.

`conversation.py` is the policy, as generators of effects; `effects.py:drive` runs them, for code without an event loop
on that of `background.py`. `prompt.py` writes the messages, `form.py` puts them as the deployment takes them,
`deliver.py` retries, `http.py` sends one request within `limits.py` and `ledger.py`, and `reading.py` reads the reply.
"""
