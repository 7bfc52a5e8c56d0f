"""Embedded models: the catalogue, downloads, and answering.

`catalog.py` and `pull.py` use only the standard library. `model.py` alone imports the engines of the extra `local`.
`binding.py` and `candidates.py` turn a schema and a document into the grammar of the possible answers.
"""
