"""What can go wrong with keys and sealed values; one line each, never with a key or a password in it."""


class VaultError(Exception):
    """Root of the vault's errors. `str(error)` is one line: the cause, then the remedy."""


class BadKey(VaultError):
    """A key, or the file it is in, that must not be used as it is."""


class MissingKey(VaultError):
    """No key where one is needed; a second one is never made (SPEC A6, PROMISES R15)."""


class WrongKey(VaultError):
    """A well-formed key that is not the one these values were locked with."""


class Damaged(VaultError):
    """A sealed value that was altered, cut, or moved here from another row, column or key."""
