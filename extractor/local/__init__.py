"""Embedded models: their catalogue, how they are fetched and checked, and how they answer.

`catalog` and `pull` need nothing but the standard library; `model` is the one file that touches the engines of the
extra `local`; `binding` and `candidates` turn a schema and a document into the grammar of its possible answers.
"""
