"""Ranges as the API wants them written: tab titles quoted, columns as letters. Rows and columns count from 0 here. Pure."""


def letters(column: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    text = ""
    rest = column + 1
    while rest > 0:
        rest, digit = divmod(rest - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def quoted(title: str) -> str:
    """A tab's title as a range begins with it."""
    return "'" + title.replace("'", "''") + "'"


def block(title: str, top: int, left: int, bottom: int, right: int) -> str:
    """Cells from (top, left) up to but not including (bottom, right)."""
    return f"{quoted(title)}!{letters(left)}{top + 1}:{letters(right - 1)}{bottom}"
