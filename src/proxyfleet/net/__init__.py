"""Dials proxies and targets: the only room that opens connections to them."""
