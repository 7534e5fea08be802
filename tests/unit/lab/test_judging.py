"""Who is carried and who is turned away, and with which words."""

from random import Random

import pytest

from proxyfleet.lab.behaviour import Behaviour
from proxyfleet.lab.judging import Ask, Manner, Refusal, Tally, check_credentials, exit_of, judge, parameters_of


def verdict(
    behaviour: Behaviour, ask: Ask | None = None, tally: Tally | None = None, now: float = 0.0
) -> Refusal | None:
    return judge(behaviour, ask or Ask("a.lab", 80), tally or Tally(), now, Random(1))


@pytest.mark.parametrize(
    ("username", "owner", "found"),
    [
        ("lab-session-7-country-de", "lab", {"session": "7", "country": "de"}),
        ("lab", "lab", {}),
        ("lab-pinned", "lab", {"pinned": ""}),
        ("other-session-7", "lab", {}),
        ("session-7", None, {"session": "7"}),
        (None, "lab", {}),
    ],
)
def test_parameters_in_the_user_name(username: str | None, owner: str | None, found: dict[str, str]) -> None:
    assert parameters_of(username, owner) == found


@pytest.mark.parametrize(
    ("username", "password", "fits"),
    [
        ("lab", "pw", True),
        ("lab", "PW", False),
        ("la", "pw", False),
        (None, None, False),
        ("lab-session-1", "pw", False),
    ],
)
def test_credentials(username: str | None, password: str | None, fits: bool) -> None:
    refusal = check_credentials(Behaviour(username="lab", password="pw"), username, password)
    assert (refusal is None) is fits
    assert refusal is None or (refusal.status, refusal.headers[0][0]) == (407, "Proxy-Authenticate")


def test_a_rotating_proxy_takes_parameters_after_the_user_name() -> None:
    behaviour = Behaviour(username="lab", password="pw", rotate="session")
    assert check_credentials(behaviour, "lab-session-1", "pw") is None
    assert check_credentials(behaviour, "labsession-1", "pw") is not None


def test_an_open_proxy_takes_anybody() -> None:
    assert check_credentials(Behaviour(), None, None) is None
    assert verdict(Behaviour()) is None


def test_required_parameters_and_dead_sessions() -> None:
    behaviour = Behaviour(username="lab", requires=frozenset({"session"}), dead_sessions=frozenset({"9"}))
    missing = verdict(behaviour, Ask("a.lab", 80, "lab"))
    assert missing is not None
    assert (missing.status, "session" in missing.text) == (407, True)
    assert verdict(behaviour, Ask("a.lab", 80, "lab-session-8")) is None
    gone = verdict(behaviour, Ask("a.lab", 80, "lab-session-9"))
    assert gone is not None
    assert (gone.status, gone.headers[0][0]) == (502, "X-Error-Description")


def test_an_empty_account_says_so_as_providers_do() -> None:
    tally = Tally()
    assert [verdict(Behaviour(quota=2), tally=tally) is None for _ in range(3)] == [True, True, False]
    last = verdict(Behaviour(quota=2), tally=tally)
    assert last is not None
    assert (last.status, last.text) == (407, "traffic limit reached")
    paid = verdict(Behaviour(quota=0, quota_status=402))
    assert paid is not None
    assert (paid.status, paid.headers) == (402, ())


def test_the_rate_holds_per_second_and_names_the_wait() -> None:
    tally, behaviour = Tally(), Behaviour(rate=2, retry_after=7)
    answers = [verdict(behaviour, tally=tally, now=now) for now in (5.0, 5.1, 5.2, 6.0)]
    assert [answer and (answer.status, answer.headers) for answer in answers] == [
        None,
        None,
        (429, (("Retry-After", "7"),)),
        None,
    ]


def test_bans_hold_for_the_named_target_only() -> None:
    behaviour = Behaviour(banned=frozenset({"a.lab"}))
    banned = verdict(behaviour)
    assert banned is not None
    assert (banned.status, banned.reply, banned.manner) == (403, 2, Manner.ANSWER)
    assert verdict(behaviour, Ask("b.lab", 80)) is None
    dropped = verdict(Behaviour(banned=frozenset({"a.lab"}), ban_drops=True))
    assert dropped is not None
    assert dropped.manner is Manner.CLOSE


def test_a_share_of_errors_is_that_share() -> None:
    rng, behaviour = Random(7), Behaviour(error_rate=0.25, error_status=525, error_reply=6)
    answers = [judge(behaviour, Ask("a.lab", 80), Tally(), 0.0, rng) for _ in range(4000)]
    errors = [answer for answer in answers if answer]
    assert 900 < len(errors) < 1100
    assert {(error.status, error.reply) for error in errors} == {(525, 6)}


def test_running_connections_feel_a_reset_or_a_stall() -> None:
    reset, stall = verdict(Behaviour(reset=True)), verdict(Behaviour(stall=True))
    assert reset is not None
    assert stall is not None
    assert (reset.manner, stall.manner) == (Manner.RESET, Manner.SILENCE)


def test_only_what_was_carried_counts_as_carried() -> None:
    tally = Tally()
    verdict(Behaviour(), tally=tally)
    verdict(Behaviour(error_rate=1.0), tally=tally)
    assert (tally.requests, tally.carried) == (2, 1)


def test_exits() -> None:
    assert exit_of(Behaviour(), "s", 1) is None
    assert exit_of(Behaviour(exit="127.0.0.9"), "s", 1) == "127.0.0.9"
    by_session = Behaviour(rotate="session")
    assert exit_of(by_session, "one", 1) == exit_of(by_session, "one", 2)
    assert exit_of(by_session, "one", 1) != exit_of(by_session, "two", 1)
    assert exit_of(by_session, None, 1) != exit_of(by_session, None, 2)
    exits = {exit_of(Behaviour(rotate="request"), "one", number) for number in range(200)}
    assert len(exits) == 200
    assert all(address is not None and address.startswith("127.10") for address in exits)
