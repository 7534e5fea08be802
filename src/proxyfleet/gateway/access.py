"""Who may use the gateway: decided before anything else is looked at (SPEC G3).

scrypt runs once per user and header value, in two threads of its own; after that a table keyed by a keyed hash of the
header answers in half a microsecond. A changed or removed user is noticed at once, because the table's answer is
compared with the living user.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from proxyfleet.clock import Clock
from proxyfleet.gateway.budget import FailureBudget
from proxyfleet.gateway.keys import NOBODY, BadKeyHash, verify_key
from proxyfleet.gateway.settings import Limits
from proxyfleet.ports import GatewayUser, UserLookup
from proxyfleet.wire.proxy_auth import BadCredentials, Credentials, parse_basic

Verdict = GatewayUser | str
"""The user, or the code of a refusal."""

MOST_KNOWN = 4096
DIGEST_BYTES = 16


class Access:
    """Checks credentials. `key` is random per process; `timer` judges the failure budget."""

    def __init__(self, users: UserLookup, limits: Limits, timer: Clock, key: bytes) -> None:
        self._users = users
        self._timer = timer
        self._key = key
        self._known: dict[bytes, GatewayUser] = {}
        self._waiting: dict[bytes, list[Callable[[Verdict], None]]] = {}
        self._most_waiting = limits.pending_checks
        self.failures = FailureBudget(limits.auth_failures)
        self._workers: ThreadPoolExecutor | None = None

    def stands(self, user: GatewayUser | None) -> bool:
        """Whether a user who was let in before is still the same one."""
        if user is None:
            return False
        now = self._users(user.name)
        return now is user or now == user

    def known(self, field: bytes) -> GatewayUser | None:
        """The user whom this very header value has proven before."""
        digest = self._digest(field)
        user = self._known.get(digest)
        if user is None or self.stands(user):
            return user
        del self._known[digest]
        return None

    def check(self, field: bytes, client: str, then: Callable[[Verdict], None]) -> Verdict | None:
        """A verdict at once where that is possible; else None, and `then` is called with it once, from the loop."""
        user = self.known(field)
        if user is not None:
            return user
        now = self._timer()
        if self.failures.exhausted(client, now):
            return "too_many_failures"
        digest = self._digest(field)
        if digest in self._waiting:
            self._waiting[digest].append(then)
            return None
        self.failures.add(client)
        return self._begin(field, digest, client, then)

    def _begin(self, field: bytes, digest: bytes, client: str, then: Callable[[Verdict], None]) -> Verdict | None:
        try:
            claim = parse_basic(field)
        except BadCredentials:
            return "credentials_wrong"
        if len(self._waiting) >= self._most_waiting:
            self.failures.refund(client)
            return "too_many_failures"
        if self._workers is None:
            self._workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="gateway-scrypt")
        self._waiting[digest] = [then]
        user = self._users(claim.username)
        work = asyncio.get_running_loop().run_in_executor(self._workers, _proven, claim, user)
        work.add_done_callback(lambda done: self._settle(digest, client, None if done.cancelled() else done.result()))
        return None

    def _settle(self, digest: bytes, client: str, user: GatewayUser | None) -> None:
        if user is not None:
            self.failures.refund(client)
            if len(self._known) >= MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[digest] = user
        for then in self._waiting.pop(digest, ()):
            then("credentials_wrong" if user is None else user)

    def _digest(self, field: bytes) -> bytes:
        return hashlib.blake2b(field, key=self._key, digest_size=DIGEST_BYTES).digest()

    def close(self) -> None:
        """Let the threads go; checks under way end unanswered."""
        if self._workers is not None:
            self._workers.shutdown(wait=False, cancel_futures=True)


def _proven(claim: Credentials, user: GatewayUser | None) -> GatewayUser | None:
    """Runs in a thread. Unknown users cost the same as known ones; a broken stored hash proves nobody."""
    try:
        right = verify_key(claim.password, NOBODY if user is None else user.key_hash)
    except BadKeyHash:
        return None
    return user if right else None
