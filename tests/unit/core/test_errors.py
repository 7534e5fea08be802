"""Every error is one line that names cause and remedy, has a stable code, and shares one root."""

import pytest

from proxyfleet.core import errors
from proxyfleet.core.errors import BadSelector, FleetError, UnknownProxy, UnknownStrategy

EVERY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FleetError)]


def test_codes_are_stable_and_unique() -> None:
    assert sorted(kind.code for kind in EVERY) == [
        "bad_proxy",
        "bad_rules",
        "bad_selector",
        "duplicate_proxy",
        "duplicate_purchase",
        "fleet_error",
        "no_free_slot",
        "secret_lost",
        "unknown_proxy",
        "unknown_strategy",
    ]


def test_every_error_explains_itself() -> None:
    assert all(kind.__doc__ for kind in EVERY)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BadSelector("a b", 2, "say c"), "selector 'a b', at character 3: say c"),
        (UnknownStrategy("x", ("a", "b")), "unknown strategy 'x'; use one of: a, b"),
        (UnknownProxy(7), "no proxy with id 7 in this fleet; list the proxies to see the ids"),
    ],
)
def test_the_message_is_one_line_with_the_remedy(error: FleetError, words: str) -> None:
    assert str(error) == words


def test_a_bad_selector_keeps_its_position() -> None:
    assert BadSelector("abc", 2, "p").position == 2
