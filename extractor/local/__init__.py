"""Embedded models: their catalogue, how they are fetched and checked, and how they answer."""
