"""Reads a file of SQL statements and gives them by name, for every backend. Holds no SQL of its own and runs none."""

from pathlib import Path


def statements(text: str, **words: str) -> dict[str, str]:
    """Name to statement: a statement follows a line `-- its_name`; other comments hold more than one word.

    `{word}` in a statement is replaced by the argument of that name.
    """
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        told = line.removeprefix("--").split() if line.startswith("--") else []
        if len(told) == 1:
            name = told[0]
            if name in found:
                raise ValueError(f"two statements are called {name}; rename one of them")
        elif line and not told:
            found[name] = f"{found[name]}\n{line}" if name in found else line
    for word, meaning in words.items():
        found = {name: sql.replace(f"{{{word}}}", meaning) for name, sql in found.items()}
    return found


def read_statements(module: str, **words: str) -> dict[str, str]:
    """The statements of all `.sql` files beside that module's file."""
    files = sorted(Path(module).parent.glob("*.sql"))
    return statements("\n".join(file.read_text(encoding="utf-8") for file in files), **words)
