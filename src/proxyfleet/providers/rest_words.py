"""The little language in which a REST API is described: `{count}` in paths and bodies, `a.b` for a place in an answer. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from proxyfleet.providers.answers import Unreadable

NAMES: Final = ("key", "count", "days", "country", "tag", "ids", "reason", "limit", "offset", "page")
_HOLE: Final = re.compile(r"\{([a-z_]+(?:\.[A-Za-z0-9_]+)?)\}")
_TERM: Final = "term."

Values = Mapping[str, object]


def holes(template: str) -> list[str]:
    """The names it asks for. Raises ValueError for one that nothing is known of."""
    found = _HOLE.findall(template)
    odd = [name for name in found if name not in NAMES and not name.startswith(_TERM)]
    if odd:
        raise ValueError(
            f"{{{odd[0]}}} stands for nothing; use {', '.join(f'{{{name}}}' for name in NAMES)} or {{term.NAME}}"
        )
    return found


def terms_in(*templates: str) -> list[str]:
    """The terms that a wish may have."""
    found = (name.removeprefix(_TERM) for one in templates for name in holes(one) if name.startswith(_TERM))
    return list(dict.fromkeys(found))


def filled(template: str, values: Values, written: Callable[[str], str] = lambda text: quote(text, safe="")) -> str:
    """The template with its values; a term that was not given is empty. `written` makes a value safe where it stands."""
    return _HOLE.sub(lambda hole: written(_text(values.get(hole[1], ""))), template)


def filled_body(body: object, values: Values) -> object:
    """The same for JSON: a text that is nothing but a hole becomes the value itself, a number or a list."""
    if isinstance(body, dict):
        return {name: filled_body(one, values) for name, one in body.items()}
    if isinstance(body, list):
        return [filled_body(one, values) for one in body]
    if not isinstance(body, str):
        return body
    whole = _HOLE.fullmatch(body)
    return values.get(whole[1], "") if whole else filled(body, values, str)


def body_of(template: str) -> object:
    """The JSON of a body. Raises ValueError."""
    if not template:
        return None
    holes(template)
    try:
        return json.loads(template)
    except (ValueError, RecursionError):
        raise ValueError("is no JSON; put quotation marks around what is filled in") from None


def at(value: object, place: str) -> object:
    """What stands at `a.b` in an answer, `=text` for that text itself, None where there is nothing."""
    if place.startswith("="):
        return place[1:]
    for name in place.split(".") if place else ():
        if isinstance(value, list) and name.isdigit():
            value = value[int(name)] if int(name) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(name)
        elif value is None:
            return None
        else:
            raise Unreadable(f"{place} leads nowhere")
    return value


def is_blank(value: object, place: str) -> bool:
    """Whether there is such a place, with nothing in it: what is not there at all was named wrongly, or has been renamed."""
    around, _, name = place.rpartition(".")
    inside = at(value, around)
    return isinstance(inside, dict) and name in inside and inside[name] in (None, "")


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
