"""Turns what asyncpg, PostgreSQL and the vault say into one line with cause and remedy (PROMISES R23). Handles nothing.

The server's own words are passed on only where they cannot hold what somebody has stored.
"""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from proxyfleet.stores.errors import BadStoreUrl, StoreAway, StoreBusy, StoreError, StoreLocked, StoreUnusable
from proxyfleet.vault import VaultError

AGAIN = frozenset({"40001", "40P01", "55P03"})
"""Another transaction was in the way (serialization, deadlock, lock time-out); repeating is right."""
GONE = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "53300", "25006", "25P03"})
"""The server is shut down, starts, is full, only reads, or has cut this connection off."""
REMEDIES: dict[str, tuple[type[StoreError], str]] = {
    "28P01": (StoreUnusable, "refuses this user and password; correct them in the store's URL"),
    "28000": (StoreUnusable, "lets this user not in; correct the URL, or allow it in the server's pg_hba.conf"),
    "3D000": (StoreUnusable, "has no database of that name; make it with `createdb`, or correct the URL"),
    "42501": (StoreUnusable, "does not let this user do that; GRANT CREATE ON DATABASE to it, or make it the owner"),
    "53100": (StoreError, "cannot grow: its disk is full; free some space, nothing of this batch was stored"),
    "53200": (StoreError, "is out of memory; nothing of this batch was stored"),
    "57014": (StoreBusy, "took too long and was stopped; it is overloaded, try again"),
    "25006": (StoreAway, "only reads just now (a standby?); name the primary, or wait until one is promoted"),
    "53300": (StoreAway, "accepts no more connections; raise its max_connections, or stop other programs"),
    "22021": (StoreError, "cannot store a text with a NUL character; leave it out"),
}


class BadText(StoreError):
    """A text or number that PostgreSQL cannot store: a NUL character, half a surrogate pair, more than 64 bits."""


def is_gone(error: BaseException) -> bool:
    """Whether the connection cannot be used any more, for a reason outside of this program."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state in GONE or state.startswith("08")
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)
    return isinstance(error, OSError | TimeoutError | asyncpg.InternalClientError)


def is_worth_another_try(error: BaseException) -> bool:
    """Whether the same call may well succeed a moment later."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in AGAIN


@contextmanager
def explained(shown: str, *, lost: bool = False) -> Iterator[None]:
    """Within it, errors become `StoreError` and its kinds. `lost`: what is asked may be done although no answer comes."""
    try:
        yield
    except VaultError as error:
        raise StoreLocked(str(error)) from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError) as error:
        raise explanation(error, shown, lost=lost) from error
    except (UnicodeEncodeError, OverflowError):
        raise _bad_text(shown) from None


def explanation(error: Exception, shown: str, *, lost: bool = False) -> StoreError:
    """The error in one line."""
    state = error.sqlstate or "" if isinstance(error, asyncpg.PostgresError) else ""
    if isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        return BadStoreUrl(f"the URL of {shown} cannot be used; compare it with libpq's connection URLs")
    if isinstance(error, asyncpg.exceptions.DataError | asyncpg.DataError) and state[:2] in ("", "22"):
        return _bad_text(shown)
    kind, remedy = REMEDIES.get(state, (StoreAway, ""))
    if remedy and kind is not StoreAway:
        return kind(f"{shown} {remedy}")
    if is_gone(error):
        cause = remedy or f"cannot be reached ({_cause(error)}); start it, or check host and port in the URL"
        return StoreAway(f"{shown} went away before it answered; look again" if lost else f"{shown} {cause}", lost=lost)
    if is_worth_another_try(error):
        return StoreBusy(f"{shown} is busy with other transactions; try again")
    return StoreError(f"{shown} refused a statement ({type(error).__name__}, {state or 'no state'}); report this")


def _bad_text(shown: str) -> StoreError:
    return BadText(
        f"{shown} cannot store a NUL character, half a surrogate pair or a number beyond 64 bits; correct it"
    )


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        reason = str(getattr(error, "reason", None) or "no agreement")
        return f"TLS: {reason.lower().replace('_', ' ')}"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return type(error).__name__
