"""Stands in for setuptools while `packages.fetch` has pip download a source package; nothing is ever built."""
