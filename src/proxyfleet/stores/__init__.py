"""Remembers: inventory and journal in memory or in SQLite, behind the Protocols of `ports`. Decides nothing about picking."""
