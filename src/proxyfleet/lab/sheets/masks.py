"""Field masks of Google APIs: `sheets(properties.sheetId,data.rowData)` keeps those fields of an answer. Pure."""

from typing import Any

Mask = dict[str, "Mask"]
"""A tree of names; an empty one below a name means everything there."""


def mask(text: str) -> Mask:
    """Read a mask; ValueError for brackets that do not match."""
    tree, at = _level(text.replace(" ", ""), 0)
    if at != len(text.replace(" ", "")):
        raise ValueError(f"Invalid field selection {text}")
    return tree


def _level(text: str, at: int) -> tuple[Mask, int]:
    tree: Mask = {}
    while at < len(text) and text[at] != ")":
        node, at = _path(tree, text, at)
        if text[at : at + 1] == "(":
            inner, at = _level(text, at + 1)
            if text[at : at + 1] != ")":
                raise ValueError(f"Invalid field selection {text}")
            node.update(inner)
            at += 1
        at += text[at : at + 1] == ","
    return tree, at


def _path(tree: Mask, text: str, at: int) -> tuple[Mask, int]:
    """Walk `a.b/c`, making what is missing; the last node and the place behind it."""
    node = tree
    while True:
        start = at
        while at < len(text) and text[at] not in ".,()/":
            at += 1
        if at == start:
            raise ValueError(f"Invalid field selection {text}")
        node = node.setdefault(text[start:at], {})
        if text[at : at + 1] not in (".", "/"):
            return node, at
        at += 1


def masked(value: Any, tree: Mask) -> Any:
    """What a mask leaves of JSON; `Any` because that is what JSON holds."""
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [masked(one, tree) for one in value]
    if isinstance(value, dict):
        return {name: masked(value[name], inner) for name, inner in tree.items() if name in value}
    return value


def wants(tree: Mask, *path: str) -> bool:
    """Whether a mask asks for something at or below that path."""
    for name in path:
        if not tree or "*" in tree:
            return True
        if name not in tree:
            return False
        tree = tree[name]
    return True
