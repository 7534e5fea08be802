"""Locks up credentials: AES-256-GCM with key ids, bound to their row (SPEC A6). Knows no proxies, no tables, no environment."""

from proxyfleet.vault.envelope import Seal, kid_of, prefix_of
from proxyfleet.vault.errors import BadKey, Damaged, MissingKey, VaultError, WrongKey
from proxyfleet.vault.keyring import Column, Keyring, KeyRow, KeyState, MasterKey, new_key, rewrapped
from proxyfleet.vault.keysource import KeySource

__all__ = [
    "BadKey",
    "Column",
    "Damaged",
    "KeyRow",
    "KeySource",
    "KeyState",
    "Keyring",
    "MasterKey",
    "MissingKey",
    "Seal",
    "VaultError",
    "WrongKey",
    "kid_of",
    "new_key",
    "prefix_of",
    "rewrapped",
]
