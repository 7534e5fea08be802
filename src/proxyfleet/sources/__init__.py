"""Finds: where proxies come from, as tables of addresses, and how an answer becomes rows. Fetches and stores nothing."""
