"""Backends behind TextModel and Embedder."""
