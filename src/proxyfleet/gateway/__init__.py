"""Forwards: one address in front of the whole fleet. `gateway.server.Gateway` is the way in."""
