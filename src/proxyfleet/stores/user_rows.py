"""Gateway users as rows: name, hash, and one text for what they may do, so that a new limit needs no new column.

Shared by every store that has tables. Reads what newer programs wrote as far as it knows the words.
"""

import json
from dataclasses import fields

from proxyfleet.ports import GatewayUser

ROWS = ("name", "key_hash")
RULES = tuple(f.name for f in fields(GatewayUser) if f.name not in ROWS)


def rules_of(user: GatewayUser) -> str:
    """What is not the default, as JSON; empty for a user without limits."""
    plain = GatewayUser(user.name, user.key_hash)
    told = {name: getattr(user, name) for name in RULES if getattr(user, name) != getattr(plain, name)}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else ""


def user_of(name: str, key_hash: str, rules: str) -> GatewayUser:
    """The user as `rules_of` wrote it."""
    told = {word: value for word, value in json.loads(rules or "{}").items() if word in RULES}
    if "clients" in told:
        told["clients"] = tuple(told["clients"])
    return GatewayUser(name, key_hash, **told)
