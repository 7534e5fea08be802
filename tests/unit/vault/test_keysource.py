"""Where the master key comes from, and every file that must not be trusted with it."""

import base64
import os
import stat
from pathlib import Path

import pytest

from proxyfleet.vault import BadKey, KeySource, MissingKey
from proxyfleet.vault.keysource import key_from, random_key, write_key_file

RAW = bytes(range(200, 232))
TEXT = base64.b64encode(RAW).decode()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "fleet.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "key"
    write_key_file(path, TEXT)
    return path


@pytest.mark.parametrize(
    "text", [TEXT, TEXT.rstrip("="), base64.urlsafe_b64encode(RAW).decode(), RAW.hex(), RAW.hex().upper(), f" {TEXT}\n"]
)
def test_every_usual_spelling_is_the_same_key(text: str) -> None:
    assert key_from(text, "x") == RAW


@pytest.mark.parametrize("text", ["", "secret", TEXT[:-4], TEXT + "AAAA", "z" * 64, "ü" * 44, "A" * 43 + "!"])
def test_a_bad_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(BadKey, match=r"PROXYFLEET_KEY does not hold a key of 32 bytes .* openssl rand") as caught:
        key_from(text, "PROXYFLEET_KEY")
    assert not text or text not in str(caught.value)


def test_the_value_goes_before_the_file_and_the_file_before_the_default(
    file: Path, database: Path, tmp_path: Path
) -> None:
    other = base64.b64encode(bytes(32)).decode()
    value = KeySource(other, file, file).find(database)
    named = KeySource(None, file, tmp_path / "none").find(database)
    default = KeySource(default=file).find(database)
    assert value
    assert named
    assert default
    assert named.name == default.name != value.name
    assert other not in repr(KeySource(other))


def test_a_new_file_is_private_and_read_back(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "dir" / "key"
    source = KeySource(default=path)
    assert source.find(database) is None
    made, found = source.make(database), source.find(database)
    assert found is not None
    assert made.name == found.name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["key"]


def test_a_file_that_is_there_is_never_replaced(file: Path, database: Path) -> None:
    before = file.read_bytes()
    KeySource(file=file).make(database)
    assert file.read_bytes() == before


def test_no_place_for_a_key_is_said(database: Path) -> None:
    with pytest.raises(MissingKey, match="set PROXYFLEET_KEY or PROXYFLEET_KEY_FILE"):
        KeySource().make(database)


def test_a_key_beside_the_database_is_refused(database: Path) -> None:
    for source in (KeySource(default=database.with_name("key")),):
        with pytest.raises(BadKey, match="beside the database"):
            source.make(database)
    assert not database.with_name("key").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(file: Path, database: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(BadKey, match="chmod 600"):
        KeySource(file=file).find(database)


def test_links_and_directories_are_refused(file: Path, database: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    directory = file.with_name("directory")
    directory.mkdir()
    for path in (link, directory):
        with pytest.raises(BadKey):
            KeySource(file=path).find(database)


def test_a_file_of_another_user_is_refused(file: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    with pytest.raises(BadKey, match="belongs to another user"):
        KeySource(file=file).find(database)


def test_a_directory_that_cannot_be_made_is_said(database: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(BadKey, match="cannot be made"):
        KeySource(file=tmp_path / "plain" / "key").make(database)


def test_a_key_is_generated_once_and_never_overwritten(database: Path, tmp_path: Path) -> None:
    source = KeySource(file=tmp_path / "keys" / "new")
    made = source.generate(database)
    found = source.find(database)
    assert found is not None
    assert found.name == made.name
    with pytest.raises(BadKey, match="exists already"):
        source.generate(None)
    with pytest.raises(BadKey, match="beside the database"):
        KeySource(file=database.with_name("key")).generate(database)
    with pytest.raises(MissingKey):
        KeySource().generate(database)


def test_a_link_that_leads_nowhere_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "key").symlink_to(tmp_path / "none")
    with pytest.raises(BadKey, match="exists already"):
        KeySource(file=tmp_path / "key").generate(None)
    assert not (tmp_path / "none").exists()


def test_random_keys_are_keys_and_differ() -> None:
    first, second = random_key(), random_key()
    assert len(key_from(first, "x")) == 32
    assert first != second
