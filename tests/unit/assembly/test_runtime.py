"""The node file: private, whole, found again, gone at the end."""

import stat

import pytest

from proxyfleet.assembly.runtime import (
    NodeAddress,
    NodeFileError,
    node_file,
    read_node_file,
    remove_node_file,
    write_node_file,
)
from proxyfleet.settings.schema import Settings

MINE = NodeAddress("http://127.0.0.1:1", "canary")


def test_it_lies_beside_the_store(tmp_path):
    assert node_file(Settings(store="sqlite:////srv/fleet.db")).as_posix() == "/srv/fleet.db.node.json"
    assert node_file(Settings(store="memory:", data_folder=tmp_path)) == tmp_path / "memory.node.json"


def test_it_is_private_and_read_again(tmp_path):
    path = tmp_path / "new" / "x.node.json"
    write_node_file(path, MINE)
    assert read_node_file(path) == MINE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["x.node.json"]
    assert "canary" not in repr(MINE)


def test_only_the_own_file_is_removed(tmp_path):
    path = tmp_path / "x.json"
    write_node_file(path, MINE)
    write_node_file(path, NodeAddress("http://127.0.0.1:2", "other"))
    remove_node_file(path, MINE)
    assert read_node_file(path).token == "other"
    remove_node_file(path, read_node_file(path))
    remove_node_file(path, MINE)
    assert not path.exists()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"url": "file:///etc/passwd", "token": "x"}', '{"url": "http://", "token": ""}']
)
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(NodeFileError):
        read_node_file(path)


def test_a_fleet_on_a_server_has_its_file_in_the_data_folder(tmp_path):
    here = Settings(store="postgresql://u:pw@h/d", data_folder=tmp_path)
    assert node_file(here).parent == tmp_path
    assert node_file(here).name.startswith("postgresql-")
    assert node_file(here) != node_file(Settings(store="postgresql://u:pw@h/e", data_folder=tmp_path))
