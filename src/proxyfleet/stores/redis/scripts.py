"""The scripts, each put together from its parts in `scripts/`. Runs none."""

from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).with_name("scripts")


class Script(NamedTuple):
    """`name` is for people, `digest` is what Redis calls it once it has seen the text."""

    name: str
    text: str
    digest: str


def _script(name: str, *parts: str, seeding: bool = False) -> Script:
    texts = [(_HERE / f"{part}.lua").read_text(encoding="utf-8") for part in (*parts, name)]
    text = "\n".join([f"local SEEDING = {str(seeding).lower()}", *texts])
    return Script(name, text, sha1(text.encode(), usedforsecurity=False).hexdigest())


DECIDE = _script("decide", "prelude", "rows", "books", "leases", "assignments")
PUBLISH = _script("publish", "prelude", "rows", "books", seeding=True)
ADOPT = _script("adopt", "prelude", "rows", "books", seeding=True)
SHUT = _script("shut", "prelude", "rows", "books")
STANDING = _script("standing", "prelude", "rows")
NEWS = _script("news", "prelude")
STATE = _script("state", "prelude")
FOUND = _script("found", "prelude")
FLEET = _script("fleet", "prelude")
