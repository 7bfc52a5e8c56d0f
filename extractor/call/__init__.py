"""One question to the model, whatever comes back: ask, read, repair, fall back to another form of request.

`conversation.py` is the policy, as generators of effects, and `drivers.py` runs them. `prompt.py` writes the messages,
`deliver.py` retries, `http.py` sends one request within `limits.py` and `ledger.py`.
"""
