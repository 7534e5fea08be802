"""Where the key that locks all other keys comes from: a value, a file, or a file made on the first start (SPEC A6).

Reads no environment: settings pass in what they found. Never replaces a key and never makes one for a database that has one.
"""

import base64
import binascii
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from proxyfleet.vault.envelope import KEY_BYTES
from proxyfleet.vault.errors import BadKey, MissingKey
from proxyfleet.vault.keyring import MasterKey

HOW = "make one with: openssl rand -base64 32"


@dataclass(frozen=True, slots=True)
class KeySource:
    """In order: `value` (PROXYFLEET_KEY), `file` (PROXYFLEET_KEY_FILE), `default` (used when neither is given)."""

    value: str | None = field(default=None, repr=False)
    file: Path | None = None
    default: Path | None = None

    @property
    def path(self) -> Path | None:
        """The file that counts when there is no value."""
        return self.file or self.default

    def find(self, database: Path | None) -> MasterKey | None:
        """The key, or None when there is none yet; `database` is None when it is no file of this machine.

        Raises `BadKey` for one that must not be used.
        """
        if self.value is not None:
            return MasterKey(key_from(self.value, "PROXYFLEET_KEY"), "PROXYFLEET_KEY")
        if self.path is None or not os.path.lexists(self.path):
            return None
        if database is not None:
            refuse_beside(self.path, database)
        return MasterKey(key_from(read_key_file(self.path), f"the key file {self.path}"), f"the key file {self.path}")

    def make(self, database: Path | None) -> MasterKey:
        """Write a new key file and read it back; whoever is first of several processes wins."""
        if self.path is None:
            place = "the database" if database is None else database
            raise MissingKey(f"no key for the passwords in {place}; set PROXYFLEET_KEY or PROXYFLEET_KEY_FILE ({HOW})")
        if database is not None:
            refuse_beside(self.path, database)
        write_key_file(self.path, random_key())
        found = self.find(database)
        if found is None:
            raise MissingKey(f"the key file {self.path} vanished while it was made; start again")
        return found

    def generate(self, database: Path | None) -> MasterKey:
        """Write a new key to `path` for a person who asked for one. Raises `BadKey` when anything is there already."""
        if self.path is None:
            raise MissingKey("no file was named for the new key; name one")
        if database is not None:
            refuse_beside(self.path, database)
        text = random_key()
        if not os.path.lexists(self.path):
            write_key_file(self.path, text)
            if read_key_file(self.path).strip() == text:
                return MasterKey(key_from(text, ""), f"the key file {self.path}")
        raise BadKey(f"{self.path} exists already, and a key is never overwritten; give the name of a new file")


def random_key() -> str:
    """A new key as `key_from` reads it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def key_from(text: str, origin: str) -> bytes:
    """32 bytes from base64 (either alphabet) or 64 hexadecimal digits. Raises `BadKey`, which does not show the text."""
    text = text.strip()
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else _base64(text)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise BadKey(f"{origin} does not hold a key of 32 bytes in base64 or hexadecimal; {HOW}")
    return raw


def _base64(text: str) -> bytes:
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def refuse_beside(key_file: Path, database: Path) -> None:
    """A key beside its database travels with every copy of the directory."""
    if key_file.resolve().parent == database.resolve().parent:
        raise BadKey(f"the key file {key_file} lies beside the database that it locks; move it to another directory")


def read_key_file(path: Path) -> str:
    """The text of a regular file that only its owner, this user, may read; links are not followed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadKey(
            f"the key file {path} cannot be opened ({error.strerror}); give a plain file, not a link"
        ) from None
    try:
        _refuse_unsafe(path, os.fstat(handle))
        return os.read(handle, 4096).decode("ascii", "replace")
    finally:
        os.close(handle)


def _refuse_unsafe(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise BadKey(f"the key file {path} is not a regular file; give a plain file")
    if facts.st_uid != os.geteuid():
        raise BadKey(f"the key file {path} belongs to another user; chown it to the user that runs this program")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise BadKey(f"the key file {path} can be read by others; run: chmod 600 {path}")


def write_key_file(path: Path, text: str) -> None:
    """Make the file whole or not at all, mode 0600; one that is already there stays."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        _fill(draft, text)
        _publish(draft, path)
    except OSError as error:
        raise BadKey(
            f"the key file {path} cannot be made ({error.strerror}); set PROXYFLEET_KEY_FILE or fix the directory"
        ) from None


def _fill(draft: Path, text: str) -> None:
    """Write and sync; a draft that does not fit on the disk is not left behind."""
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(handle)
    except OSError:
        os.unlink(draft)
        raise


def _publish(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
