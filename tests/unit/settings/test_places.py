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
    assert places.sqlite_file("postgresql://h/d") is None


@pytest.mark.parametrize(
    "url", ["memory:", "memory://", "sqlite:///x", "postgresql://u:pw@h:1/d", "postgres:///d?host=/run/pg&schema=x"]
)
def test_stores_there_are(url):
    assert places.store_problem(url) is None


@pytest.mark.parametrize(
    "url", ["", "sqlite:///", "sqlite://x", "redis://u:hidden@h", "mysql://u:hidden@h/d", "memory:x"]
)
def test_stores_there_are_not(url):
    told = places.store_problem(url)
    assert told is not None
    assert "use sqlite:///FILE, postgresql://USER@HOST/DATABASE or memory:" in told
    assert "hidden" not in told


@pytest.mark.parametrize("url", ["postgresql://u:hidden@[/d", "postgresql://u:hidden@h/d?schema=A"])
def test_postgresql_urls_that_cannot_be_read(url):
    told = places.store_problem(url)
    assert told is not None
    assert "hidden" not in told + places.masked_url(url)


def test_postgresql_urls_are_shown_without_secrets():
    assert places.masked_url("postgresql://u:hidden@h/d?password=hidden&schema=two") == "postgresql://h/d?schema=two"


def test_a_node_on_a_server_has_one_name_for_every_spelling_of_the_password():
    name = places.node_name("postgresql://u:pw@h/d")
    assert name == places.node_name("postgres://v@h/d?sslmode=require")
    assert name != places.node_name("postgresql://u:pw@h/e")
    assert name != places.node_name("postgresql://u:pw@h/d?schema=two")
    assert name.startswith("postgresql-")
    assert places.node_name("memory:") == "memory"
