"""Buys: one file per provider's API, and a registry. Sends nothing by itself: HTTP is a port, what is bought is decided above."""
