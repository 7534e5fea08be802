"""The command line: one file per noun. Takes orders and shows; what is done lives in services and assembly.

Everything heavy is imported inside the functions that need it, so that `--help` and completion are quick.
"""
