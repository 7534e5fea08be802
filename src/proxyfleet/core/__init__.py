"""Decides which proxy, and why. Pure: no I/O, no clock, no dice of its own, no log, no await.

`now` (UTC epoch seconds) and `rng` are arguments; methods return results and events. Start reading at `fleet.py`.
"""
