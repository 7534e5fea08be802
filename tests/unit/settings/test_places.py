"""Folders of a user, files behind store URLs."""

from pathlib import Path

import pytest

from proxyfleet.settings import places


def test_folders_follow_xdg_where_it_is_absolute():
    assert places.data_folder({"HOME": "/h"}) == Path("/h/.local/share/proxyfleet")
    assert places.data_folder({"HOME": "/h", "XDG_DATA_HOME": "/d"}) == Path("/d/proxyfleet")
    assert places.data_folder({"HOME": "/h", "XDG_DATA_HOME": "d"}) == Path("/h/.local/share/proxyfleet")
    assert places.configuration_folder({"HOME": "/h"}) == Path("/h/.config/proxyfleet")
    assert places.configuration_folder({"HOME": "/h", "XDG_CONFIG_HOME": "/c"}) == Path("/c/proxyfleet")
    assert places.home({}).is_absolute()


def test_three_slashes_are_relative_and_four_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert places.sqlite_file("sqlite:///fleet.db") == tmp_path / "fleet.db"
    assert places.sqlite_file("sqlite:////srv/fleet.db") == Path("/srv/fleet.db")
    assert places.sqlite_file("memory:") is None


@pytest.mark.parametrize("url", ["memory:", "memory://", "sqlite:///x"])
def test_stores_there_are(url):
    assert places.store_problem(url) is None


@pytest.mark.parametrize(
    "url", ["", "sqlite:///", "sqlite://x", "redis://u:hidden@h", "postgresql://u:hidden@h/d", "memory:x"]
)
def test_stores_there_are_not(url):
    told = places.store_problem(url)
    assert told is not None
    assert "use sqlite:///FILE or memory:" in told
    assert "hidden" not in told
