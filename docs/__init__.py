"""The documentation, and what generates its reference pages. Nothing here is part of the program."""
