"""Drafts of killed processes are removed by the next; those somebody works on, and what only looks like one, stay."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.sql import drafts
from proxyfleet.stores.sql.backup import back_up, restore
from proxyfleet.stores.sql.copying import copy_database
from proxyfleet.stores.sql.drafts import drafted, remove_abandoned
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource

WRITER = """
import sys
from pathlib import Path
from proxyfleet.stores.sql.drafts import drafted

with drafted(Path(sys.argv[1])) as draft:
    for name in ("", "-journal", "-wal", "-shm"):
        Path(f"{draft}{name}").write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def writing(tmp_path: Path):
    """Start a process that writes to a draft; killed at the end."""
    running = []

    def start(name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WRITER, str(tmp_path / name)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        return process

    yield start
    for process in running:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def drafts_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.draft"))


def source() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (x)")
    return connection


def test_what_a_killed_process_left_goes_with_the_next_copy_into_that_folder(tmp_path: Path, writing) -> None:
    kill(writing("monday.bak"))
    assert names(tmp_path) != []
    copy_database(source(), tmp_path / "tuesday.bak")
    assert names(tmp_path) == ["tuesday.bak"]


def test_what_somebody_works_on_stays_until_it_is_done(tmp_path: Path, writing) -> None:
    process = writing("fleet.bak")
    (draft,) = names(tmp_path)
    copy_database(source(), tmp_path / "other.bak")
    assert names(tmp_path) == [draft, "other.bak"]
    process.communicate()
    assert names(tmp_path) == ["other.bak"]


def test_within_one_process_too(tmp_path: Path) -> None:
    with drafted(tmp_path / "fleet.bak") as draft:
        draft.write_text("half")
        remove_abandoned(tmp_path)
        assert draft.read_text() == "half"
    assert names(tmp_path) == []


async def test_backups_and_restores_begin_by_tidying_up(
    store: SqliteStore, path: Path, keys: KeySource, tmp_path: Path, writing
) -> None:
    kill(writing("fleet.bak"))
    copied = back_up(path, tmp_path / "fleet.bak")
    assert drafts_in(tmp_path) == []
    kill(writing(f"{path.parent.name}/{path.name}"))
    restore(copied.path, path, keys)
    assert drafts_in(tmp_path) == []


@pytest.mark.parametrize(
    ("folder", "files"),
    [
        (".fleet.bak.0123abcd.draft", ["lock", "copy", "mine"]),
        (".fleet.bak.0123abcd.draft", ["copy"]),
        (".fleet.bak.0123ABCD.draft", ["lock", "copy"]),
        ("fleet.bak.0123abcd.draft", ["lock", "copy"]),
        (".fleet.bak.0123abcd", ["lock", "copy"]),
    ],
)
def test_what_only_looks_like_one_stays(tmp_path: Path, folder: str, files: list[str]) -> None:
    (tmp_path / folder).mkdir()
    for name in files:
        (tmp_path / folder / name).write_text("somebody's")
    remove_abandoned(tmp_path)
    assert names(tmp_path / folder) == sorted(files)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "lock").write_text("")
    (tmp_path / ".fleet.bak.0123abcd.draft").symlink_to(tmp_path / "real")
    remove_abandoned(tmp_path)
    assert names(tmp_path / "real") == ["lock"]


def test_one_whose_maker_came_no_further_than_the_folder_goes(tmp_path: Path) -> None:
    (tmp_path / ".fleet.bak.0123abcd.draft").mkdir()
    remove_abandoned(tmp_path)
    assert names(tmp_path) == []


def test_a_folder_that_is_tidied_away_before_it_is_locked_is_made_anew(tmp_path: Path, monkeypatch) -> None:
    is_locked, seen = drafts._is_locked, []

    def tidied_up_meanwhile(lock: int) -> bool:
        seen.append(lock)
        if len(seen) == 1:
            remove_abandoned(tmp_path)
        return is_locked(lock)

    monkeypatch.setattr(drafts, "_is_locked", tidied_up_meanwhile)
    with drafted(tmp_path / "fleet.bak") as draft:
        draft.write_text("whole")
    assert len(seen) == 2
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told_by_the_target(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreUnusable, match=r"file/fleet\.bak cannot be made"),
        drafted(tmp_path / "file" / "fleet.bak"),
    ):
        pass
