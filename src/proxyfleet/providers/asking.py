"""Asks a provider, and knows what a failure means for the money (PROMISES R14 and the rule of orders).

`look` is for what costs nothing: it may ask again. `spend` is for orders: one attempt, and whatever is not a clear answer
is `Unclear`. Nothing that is raised here holds the key, and no error of a lower floor hangs on it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote, quote_plus, urlencode, urljoin, urlsplit

from proxyfleet.ports.buying import Away, ProviderError, Refused, Unclear
from proxyfleet.ports.calling import Answer, Lost, NotSent
from proxyfleet.providers.answers import Unreadable, json_of
from proxyfleet.providers.kind import Account, BadProvider
from proxyfleet.providers.pacing import Pace, retry_after

T = TypeVar("T")
Read = Callable[[Any], T]  # Any: whatever JSON holds
Refusal = Callable[[Any], Refused | None]

TRIES: Final = 3
PAUSE: Final = 1.0
LONGEST_WAIT: Final = 30.0
"""Seconds that a call which costs nothing waits before it asks again; who is told to wait longer is told so at once."""
TO_LOOK, TO_SPEND = 30.0, 120.0
"""Seconds for one call. An order that is cut off by our own haste looks like a failure and is none."""
LONGEST_TEXT: Final = 200
SAYING: Final = frozenset({"message", "detail", "description", "error"})
"""Names under which errors say what is wrong; where there are others too, these go first."""
LOST: Final = "the order was sent and its answer is lost"
CODES: Final = {400: "bad_terms", 401: "bad_key", 402: "no_money", 403: "bad_key", 404: "not_found", 422: "bad_terms"}
"""What a status says where the answer itself is JSON and says no more."""


class Ask(NamedTuple):
    """One question: `path` is behind the account's address, or behind its host when it begins with a slash."""

    path: str
    query: Mapping[str, str] = {}
    body: object = None
    method: str = "GET"

    def __repr__(self) -> str:
        return f"Ask({self.method})"  # the rest may hold the key


class Asking:
    """The way to one account. `refusal` finds a provider's own "no" in an answer; `secrets` are shown nowhere, like the key."""

    def __init__(
        self,
        account: Account,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        refusal: Refusal = lambda _: None,
        pace: Pace | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        self._account = account
        self._address = checked_address(account.name, address)
        self._headers = dict(headers or {})
        self._refusal = refusal
        self._pace = pace or Pace(account.clock, account.sleep)
        self._secrets = [form for each in (account.key.reveal(), *secrets) for form in _forms(each)]

    @property
    def host(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self._address)
        return f"{parts.scheme}://{parts.netloc}"

    def path_of(self, link: str) -> str:
        """What a link to the next page asks for; "" for none. Raises `Unreadable` when it leads to another host."""
        if not link:
            return ""
        try:
            parts = urlsplit(urljoin(self._address, link))
        except ValueError:
            raise Unreadable("the link to its next page is none") from None
        if f"{parts.scheme}://{parts.netloc}" != self.host:
            raise Unreadable("the link to its next page leads to another host, which is not asked")
        return f"{parts.path}?{parts.query}"

    async def look(self, ask: Ask, read: Read[T]) -> T:
        """What `read` makes of the answer. Raises `Refused`, or `Away` after a few tries."""
        answer = await self._answered(ask)
        error: ProviderError
        try:
            return read(self._value(answer))
        except Unreadable as unread:
            error = Away(self._line(f"its answer cannot be read ({unread}); if that lasts, its API has changed"))
        except Refused as refused:
            error = Refused(refused.code, self._line(str(refused)))
        raise error

    async def spend(self, ask: Ask, read: Read[T]) -> T:
        """The same for an order: one attempt. Raises `Refused`, `Away` when it was certainly not taken, else `Unclear`."""
        error: ProviderError
        try:
            answer = await self._call(ask, TO_SPEND, paid=True)
            if answer.status == 429:
                raise Away("it answered 429: asked too often, nothing was ordered", self._wait(answer))
            if answer.status >= 500 or answer.status < 200 or 300 <= answer.status < 400 or answer.status == 408:
                raise Unreadable(f"status {answer.status}")
            return read(self._value(answer))
        except NotSent as unsent:
            error = Away(self._line(f"{unsent}; nothing was ordered"))
        except Away as away:
            error = Away(self._line(str(away)), away.retry_after)
        except Refused as refused:
            error = Refused(refused.code, self._line(str(refused)))
        except (Lost, Unreadable) as lost:
            error = Unclear(self._line(f"{LOST} ({lost}); list before ordering again"))
        except Exception as fault:  # noqa: BLE001 - whatever it is, the order may have been taken
            error = Unclear(self._line(f"{LOST} ({type(fault).__name__}); list before ordering again"))
        raise error

    async def _answered(self, ask: Ask) -> Answer:
        """Asks again while that may help."""
        attempt = 0
        while True:
            attempt += 1
            wait = None
            try:
                answer = await self._call(ask, TO_LOOK, paid=False)
                if answer.status != 429 and answer.status < 500:
                    return answer
                problem, wait = f"it answered {answer.status}", self._wait(answer)
            except (NotSent, Lost) as error:
                problem = str(error)
            pause = PAUSE * attempt if wait is None else wait
            if attempt == TRIES or pause > LONGEST_WAIT:
                break
            await self._account.sleep(pause)
        raise Away(self._line(f"{problem}; try again later"), wait)

    async def _call(self, ask: Ask, seconds: float, *, paid: bool) -> Answer:
        base = self.host if ask.path.startswith("/") else self._address
        mark = "&" if "?" in ask.path else "?"
        url = base + ask.path + (mark + urlencode(ask.query) if ask.query else "")
        body = None if ask.body is None else _json(ask.body)
        headers = self._headers if body is None else self._headers | {"Content-Type": "application/json"}
        await self._pace.turn(paid=paid)
        return await self._account.call(ask.method, url, headers=headers, body=body, timeout=seconds)

    def _value(self, answer: Answer) -> Any:  # Any: whatever JSON holds
        if not 200 <= answer.status < 300 and not 400 <= answer.status < 500:
            raise Unreadable(f"status {answer.status}")
        value = json_of(answer.body)
        refused = self._refusal(value)
        if refused is not None:
            raise refused
        if answer.status >= 400:
            if answer.status not in CODES:
                raise Unreadable(f"status {answer.status}")
            raise Refused(CODES[answer.status], f"it answered {answer.status}: {said(value) or 'without a word'}")
        return value

    def _wait(self, answer: Answer) -> float | None:
        return retry_after(answer.headers.get("retry-after", ""), self._account.clock())

    def _line(self, told: str) -> str:
        """One line for people, without anything secret."""
        for secret in self._secrets:
            told = told.replace(secret, "***")
        plain = "".join(mark if mark.isprintable() else " " for mark in told)
        return f"provider {self._account.name}: {plain[: 2 * LONGEST_TEXT]}"


def said(value: object) -> str:
    """What an error answer says, whatever its form: `{"detail": "..."}`, `{"field": [{"message": "..."}]}`, ..."""
    if isinstance(value, str):
        return value  # cut only once the key is out of it: half a key would not be recognised
    if isinstance(value, dict):
        value = [value[name] for name in sorted(value, key=lambda name: name not in SAYING)]
    return next((found for one in value[:10] if (found := said(one))), "") if isinstance(value, list) else ""


def checked_address(name: str, address: str) -> str:
    """With a slash at its end. Raises `BadProvider`."""
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
        good = good and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise BadProvider(
            f"provider {name}: its address is no https://HOST/PATH; take it from the provider's documentation"
        )
    return address.rstrip("/") + "/"


def _json(body: object) -> bytes:
    return json.dumps(body).encode()


def _forms(secret: str) -> list[str]:
    """As it is, and as it stands in addresses and in JSON; the longest first."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret), _json(secret).decode()[1:-1]}
    return sorted((form for form in forms if form), key=len, reverse=True)
