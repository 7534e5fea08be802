"""The reference page of providers, drawn from the registry; registered in `generate`."""

from collections.abc import Mapping

from proxyfleet.providers.asking import CODES, TO_LOOK, TO_SPEND, TRIES
from proxyfleet.providers.listing import MOST_ITEMS
from proxyfleet.providers.registry import KINDS

REFUSALS = {
    "not_offered": "the provider has no such call; its site has",
    "bad_terms": "it does not sell that: a count, a time, a country, a term",
    "bad_key": "the key is not valid",
    "no_access": "it lets nobody in: key, address or limit, and it does not say which",
    "no_money": "the balance does not suffice",
    "no_stock": "it has not so many of these",
    "not_found": "it does not know (any more) what was named",
    "in_progress": "another order for these is being carried out",
    "replace_…": "a replacement failed, for the reason that the provider names",
    "px6_…`, `proxyseller_…`, `rest_…`, `refused": "any other refusal, under the provider's own number",
}
ORDER = ("list", "quote", "buy", "prolong", "replace", "balance")


def providers_page() -> str:
    """What each kind can do, and what it has to be told."""
    from docs.generate import page, table

    if missing := set(CODES.values()) - REFUSALS.keys():
        raise LookupError(f"say in docs/pages_providers.py what these refusals mean: {', '.join(missing)}")
    rows = ([f"`{name}`", *("yes" if one in kind.abilities else "" for one in ORDER)] for name, kind in KINDS.items())
    parts = []
    for name, kind in KINDS.items():
        parts += [f"## {name}", f"{kind.what}.", table(("option", "means"), _named(kind.options))]
        if kind.terms:
            parts.append(table(("term of a purchase", "means"), _named(kind.terms)))
    return page(
        "Providers",
        "Whose proxies can be listed and bought over an API. To add one: [how](../howto/add-a-provider.md).",
        table(("kind", *ORDER), rows),
        f"A call that costs nothing is tried {TRIES} times, `Retry-After` obeyed, {TO_LOOK:g} s each. An order is sent once\n"
        f"and has {TO_SPEND:g} s. A list is read whole or it is an error, at most {MOST_ITEMS:,} proxies; one of several pages is\n"
        "read until a reading brings nothing new. No redirect is followed, no other host asked, nothing sent without TLS but\n"
        "to loopback.",
        "## What an order comes to",
        table(
            ("outcome", "when", "the money"),
            (
                ["placed", "the provider says so, whole and readable", "spent"],
                ["refused", "it says no, with a reason", "not spent"],
                ["away", "no connection came about, or it answered 429", "not spent"],
                [
                    "unclear",
                    "everything else: silence, half an answer, a web page, 5xx, wrong types",
                    "perhaps: its list tells",
                ],
            ),
        ),
        "## Refusals",
        table(("code", "means"), _named(REFUSALS)),
        *parts,
    )


def _named(meanings: Mapping[str, str]) -> list[list[str]]:
    return [[f"`{name}`", meaning] for name, meaning in meanings.items()]
