"""Standard input and output as the shell gave them, made fit to be used: none is missing, none chokes on a letter."""

import io
import os
import sys


def settle_streams() -> None:
    """A closed stream becomes an empty one: its number would else go to the next file that is opened, perhaps the database.

    Letters that the terminal cannot show are written as their numbers.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for the rest of the process
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and out.errors == "strict":
        out.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """Whatever a list, a label or an operator wrote must not steer the terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def fits(text: str) -> bool:
    """Whether standard output can show every letter of it as it is."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
