"""Whether a lab proxy carries a request, and how it turns one away: pure decisions from a `Behaviour` and counters.

No sockets, no clock, no dice of its own: `now` and `rng` are arguments. The status and reply codes are those that
commercial providers send (407 with "traffic limit reached", 402, 429 with Retry-After, 403, 5xx) and RFC 1928's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from hmac import compare_digest
from random import Random
from zlib import crc32

from .behaviour import Behaviour

CHALLENGE = ("Proxy-Authenticate", 'Basic realm="lab"')


class Manner(Enum):
    """How a request ends that is not forwarded."""

    ANSWER = "answer"
    CLOSE = "close"
    RESET = "reset"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP `status` and a SOCKS5 `reply` for the same fact; `text` is the body."""

    status: int
    text: str
    reply: int = 1
    headers: tuple[tuple[str, str], ...] = ()
    manner: Manner = Manner.ANSWER


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client wants: a target and the credentials it showed (password None: the protocol has none)."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


@dataclass(slots=True)
class Tally:
    """What a proxy has counted; requests include tunnels and refused ones, carried only what was forwarded."""

    connections: int = 0
    requests: int = 0
    tunnels: int = 0
    carried: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    window: float = 0.0
    in_window: int = 0


WRONG_CREDENTIALS = Refusal(407, "wrong or missing proxy credentials", 1, (CHALLENGE,))
NO_NAMES = Refusal(502, "names are not resolved here", 4)


def parameters_of(username: str | None, owner: str | None) -> dict[str, str]:
    """`lab-session-7-country-de` with owner `lab` as {"session": "7", "country": "de"}; %2D stays as it is.

    A last key without a value maps to "".
    """
    prefix = f"{owner}-" if owner else ""
    if username is None or not username.startswith(prefix):
        return {}
    words = username.removeprefix(prefix).split("-")
    return dict(zip(words[::2], [*words[1::2], ""], strict=False))


def check_credentials(behaviour: Behaviour, username: str | None, password: str | None) -> Refusal | None:
    """None when they fit; SOCKS4 passes `password=None` only because it has none, see `Behaviour.password`."""
    if behaviour.username is None:
        return None
    name_fits = _same(username or "", behaviour.username) or (
        behaviour.takes_parameters and (username or "").startswith(f"{behaviour.username}-")
    )
    if not name_fits or not (behaviour.password is None or _same(password or "", behaviour.password)):
        return WRONG_CREDENTIALS
    return None


def _same(given: str, wanted: str) -> bool:
    return compare_digest(given.encode(), wanted.encode())


def judge(behaviour: Behaviour, ask: Ask, tally: Tally, now: float, rng: Random) -> Refusal | None:
    """None to carry the request, which is counted then; credentials were checked before."""
    tally.requests += 1
    refusal = (
        _manners(behaviour)
        or _parameters(behaviour, parameters_of(ask.username, behaviour.username))
        or _account(behaviour, tally, now)
        or _ban(behaviour, ask.host)
        or _error(behaviour, rng)
    )
    if refusal is None:
        tally.carried += 1
    return refusal


def _manners(behaviour: Behaviour) -> Refusal | None:
    if behaviour.reset:
        return Refusal(502, "reset", manner=Manner.RESET)
    if behaviour.stall:
        return Refusal(504, "stall", manner=Manner.SILENCE)
    return None


def _parameters(behaviour: Behaviour, parameters: Mapping[str, str]) -> Refusal | None:
    missing = sorted(behaviour.requires - parameters.keys())
    if missing:
        return Refusal(407, f"the user name lacks the parameter {missing[0]}", 2, (CHALLENGE,))
    if parameters.get("session") in behaviour.dead_sessions:
        return Refusal(502, "the exit of this session is gone", 3, (("X-Error-Description", "session expired"),))
    return None


def _account(behaviour: Behaviour, tally: Tally, now: float) -> Refusal | None:
    if behaviour.quota is not None and tally.carried >= behaviour.quota:
        headers = (CHALLENGE,) if behaviour.quota_status == 407 else ()
        return Refusal(behaviour.quota_status, "traffic limit reached", 2, headers)
    if behaviour.rate is None:
        return None
    if now - tally.window >= 1.0:
        tally.window, tally.in_window = now, 0
    tally.in_window += 1
    if tally.in_window <= behaviour.rate:
        return None
    return Refusal(429, "too many requests", 1, (("Retry-After", str(behaviour.retry_after)),))


def _ban(behaviour: Behaviour, host: str) -> Refusal | None:
    if host not in behaviour.banned:
        return None
    return Refusal(403, f"{host} is not allowed", 2, manner=Manner.CLOSE if behaviour.ban_drops else Manner.ANSWER)


def _error(behaviour: Behaviour, rng: Random) -> Refusal | None:
    if not behaviour.error_rate or rng.random() >= behaviour.error_rate:
        return None
    return Refusal(behaviour.error_status, "lab error", behaviour.error_reply, behaviour.error_headers)


def exit_of(behaviour: Behaviour, session: str | None, carried: int) -> str | None:
    """The source address of an outgoing connection: fixed, from the session, or the next one (127.100.0.0/14)."""
    if behaviour.rotate is None:
        return behaviour.exit
    number = crc32(session.encode()) if behaviour.rotate == "session" and session else carried
    return f"127.{100 + (number >> 16) % 4}.{(number >> 8) % 256}.{number % 254 + 1}"
