"""Who may use the gateway: decided before anything else is looked at (SPEC G3).

scrypt runs once per user and key, in two threads of its own, whatever parameters follow the user's name; after that a
table keyed by a keyed hash of the header answers in half a microsecond. A changed or removed user is noticed at once,
because the table's answer is compared with the living user.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from proxyfleet.clock import Clock
from proxyfleet.gateway.budget import FailureBudget
from proxyfleet.gateway.keys import NOBODY, BadKeyHash, verify_key
from proxyfleet.gateway.settings import Limits
from proxyfleet.ports import GatewayUser, UserLookup
from proxyfleet.ports.bonds import Bonds
from proxyfleet.wire.http1_head import HeadError
from proxyfleet.wire.parameters import split_user
from proxyfleet.wire.proxy_auth import BadCredentials, Credentials, parse_basic

LEASEHOLDER = GatewayUser("lease", "")
"""Stands for whoever has shown the password of a lease; may use that lease and nothing else."""


class Visitor(NamedTuple):
    """Somebody who has proved to be that user; `rest` is what stood after the name, unread."""

    user: GatewayUser | None
    rest: str = ""


Verdict = Visitor | str
"""Who it is, or the code of a refusal."""
Then = Callable[[Verdict], None]

MOST_KNOWN = 4096
DIGEST_BYTES = 16


class Access:
    """Checks credentials. `key` is random per process; `timer` judges the failure budget."""

    def __init__(self, users: UserLookup, limits: Limits, timer: Clock, key: bytes, bonds: Bonds | None = None) -> None:
        self._users = users
        self._timer = timer
        self._key = key
        self._known: dict[bytes, Visitor] = {}
        self._proven: dict[bytes, GatewayUser] = {}
        self._waiting: dict[bytes, list[tuple[bytes, str, Then]]] = {}
        self._most_waiting = limits.pending_checks
        self.failures = FailureBudget(limits.auth_failures)
        self._bonds = bonds
        self._workers: ThreadPoolExecutor | None = None

    def keep_to(self, limits: Limits) -> None:
        """Other limits."""
        self._most_waiting = limits.pending_checks
        self.failures.most = limits.auth_failures

    def stands(self, user: GatewayUser | None) -> bool:
        """Whether a user who was let in before is still the same one."""
        if user is None or user is LEASEHOLDER:
            return user is not None
        now = self._users(user.name)
        return now is user or now == user

    def known(self, field: bytes) -> Visitor | None:
        """Whom this very header value has proven before."""
        digest = self._digest(field)
        visitor = self._known.get(digest)
        if visitor is None or self.stands(visitor.user):
            return visitor
        del self._known[digest]
        return None

    def check(self, field: bytes, client: str, then: Then) -> Verdict | None:
        """A verdict at once where that is possible; else None, and `then` is called with it once, from the loop."""
        visitor = self.known(field)
        if visitor is not None:
            return visitor
        try:
            claim = parse_basic(field)
        except BadCredentials:
            return self._unreadable(client)
        name, rest = split_user(claim.username)
        if name == LEASEHOLDER.name:
            return self._leaseholder(field, claim, client)
        # Names and keys are printable, so that no other pair looks like this one.
        secret = self._digest(f"{name}\0{claim.password}".encode())
        user = self._proven.get(secret)
        if user is not None and self.stands(user):
            return self._remember(field, Visitor(user, rest))
        if self.failures.exhausted(client, self._timer()):
            return "too_many_failures"
        if secret in self._waiting:
            self._waiting[secret].append((field, rest, then))
            return None
        if len(self._waiting) >= self._most_waiting:
            return "too_many_failures"
        self.failures.add(client)
        self._waiting[secret] = [(field, rest, then)]
        self._begin(Credentials(name, claim.password), secret, client)
        return None

    def _leaseholder(self, field: bytes, claim: Credentials, client: str) -> Verdict:
        visitor = lease_visitor(claim, self._bonds)
        return self._unreadable(client) if visitor is None else self._remember(field, visitor)

    def _unreadable(self, client: str) -> str:
        if self.failures.exhausted(client, self._timer()):
            return "too_many_failures"
        self.failures.add(client)
        return "credentials_wrong"

    def _begin(self, claim: Credentials, secret: bytes, client: str) -> None:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="gateway-scrypt")
        user = self._users(claim.username)
        work = asyncio.get_running_loop().run_in_executor(self._workers, _proven, claim, user)
        work.add_done_callback(lambda done: self._settle(secret, client, None if done.cancelled() else done.result()))

    def _settle(self, secret: bytes, client: str, user: GatewayUser | None) -> None:
        if user is not None:
            self.failures.refund(client)
            _bounded(self._proven)[secret] = user
        for field, rest, then in self._waiting.pop(secret, ()):
            then("credentials_wrong" if user is None else self._remember(field, Visitor(user, rest)))

    def _remember(self, field: bytes, visitor: Visitor) -> Visitor:
        _bounded(self._known)[self._digest(field)] = visitor
        return visitor

    def _digest(self, field: bytes) -> bytes:
        return hashlib.blake2b(field, key=self._key, digest_size=DIGEST_BYTES).digest()

    def close(self) -> None:
        """Let the threads go; checks under way end unanswered."""
        if self._workers is not None:
            self._workers.shutdown(wait=False, cancel_futures=True)


def lease_visitor(claim: Credentials, bonds: Bonds | None) -> Visitor | None:
    """`lease-<id>.<fence>` with the password of that lease; None when it is not."""
    token = split_user(claim.username)[1].partition("-")[0]
    right = bonds is not None and bonds.opens(token, claim.password)
    return Visitor(LEASEHOLDER, claim.username) if right else None


def open_visitor(claim: Credentials, bonds: Bonds | None) -> Visitor:
    """Where there are no users: anybody, unless a lease is named. Raises `HeadError` for one whose password is wrong."""
    name, rest = split_user(claim.username)
    if name != LEASEHOLDER.name:
        return Visitor(None, rest)
    visitor = lease_visitor(claim, bonds)
    if visitor is None:
        raise HeadError(403, "lease_ended")
    return visitor


Kept = TypeVar("Kept")


def _bounded(known: dict[bytes, Kept]) -> dict[bytes, Kept]:
    """With room for one more; the oldest goes."""
    if len(known) >= MOST_KNOWN:
        del known[next(iter(known))]
    return known


def _proven(claim: Credentials, user: GatewayUser | None) -> GatewayUser | None:
    """Runs in a thread. Unknown users cost the same as known ones; a broken stored hash proves nobody."""
    try:
        right = verify_key(claim.password, NOBODY if user is None else user.key_hash)
    except BadKeyHash:
        return None
    return user if right else None
