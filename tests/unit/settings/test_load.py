"""Layers, their precedence, and every problem at once."""

import pytest

from proxyfleet.settings.load import SettingsError, keys, load, variable

HOME = {"HOME": "/home/me"}


def problems(**layers):
    with pytest.raises(SettingsError) as told:
        load(**{"environ": HOME} | layers)
    return told.value.problems


def test_flags_beat_environment_beats_file_beats_defaults(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text("[timers]\nhead = 1\ndial = 1\nbody_idle = 1\n")
    environ = HOME | {"PROXYFLEET_TIMERS_DIAL": "2", "PROXYFLEET_TIMERS_BODY_IDLE": "2"}
    loaded = load(config=str(file), environ=environ, flags={"timers.body_idle": ("--idle", "3")})

    timers = loaded.settings.timers
    assert (timers.first_byte, timers.head, timers.dial, timers.body_idle) == (10.0, 1.0, 2.0, 3.0)
    assert loaded.origins == {
        "timers.head": f"{file}, timers.head",
        "timers.dial": "PROXYFLEET_TIMERS_DIAL",
        "timers.body_idle": "--idle",
    }


def test_the_environment_may_name_the_file(tmp_path):
    (tmp_path / "a.toml").write_text('store = "memory:"')
    assert load(environ=HOME | {"PROXYFLEET_CONFIG": str(tmp_path / "a.toml")}).settings.store == "memory:"


def test_the_store_lies_in_the_data_folder_by_default():
    assert load(environ=HOME).settings.store == "sqlite:////home/me/.local/share/proxyfleet/proxyfleet.db"
    assert load(environ=HOME | {"XDG_DATA_HOME": "/data"}).settings.store == "sqlite:////data/proxyfleet/proxyfleet.db"


@pytest.mark.parametrize("key", list(keys()))
def test_every_key_can_be_set_by_its_variable(key):
    kind, default = keys()[key]
    text = {"store": "memory:", "key": "secret"}.get(key) or kind.write(default)
    loaded = load(environ=HOME | {variable(key): text})
    assert loaded.origins == {key: variable(key)}


def test_every_problem_is_told_with_its_place(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text('gatway = 1\nkey = "x"\n[rules]\nguard = 2\nrest_base = 9999\n[gateway]\nlisten = 5\n')
    told = problems(config=str(file), environ=HOME | {"PROXYFLEET_STORE": "redis://me:hidden@h"})

    assert len(told) == 6
    assert any("gatway" in one and "no such setting" in one for one in told)
    assert any("key does not belong" in one for one in told)
    assert any("guard = 2.0 is out of range" in one for one in told)
    assert any("rest_base = 9999.0 contradicts" in one for one in told)
    assert any("gateway.listen" in one for one in told)
    assert any("PROXYFLEET_STORE" in one and "hidden" not in one for one in told)


@pytest.mark.parametrize("text", ["= 3", 'a = "', "\x00", "a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_named(tmp_path, text):
    (tmp_path / "a.toml").write_text(text)
    (told,) = problems(config=str(tmp_path / "a.toml"))
    assert "a.toml" in told


def test_a_file_that_is_not_there_is_named(tmp_path):
    (told,) = problems(config=str(tmp_path / "none.toml"))
    assert "No such file" in told


def test_an_endless_file_is_refused(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"#" * 2_000_000)
    (told,) = problems(config=str(tmp_path / "a.toml"))
    assert "1 MiB" in told


def test_an_unknown_variable_warns_and_suggests():
    (told,) = load(environ=HOME | {"PROXYFLEET_STOR": "memory:", "PROXYFLEET_NODE": "x"}).warnings
    assert "PROXYFLEET_STOR " in told
    assert "did you mean PROXYFLEET_STORE?" in told


def test_two_sources_of_the_key_contradict():
    (told,) = problems(environ=HOME | {"PROXYFLEET_KEY": "a", "PROXYFLEET_KEY_FILE": "b"})
    assert "two sources" in told


def test_the_key_is_never_shown():
    loaded = load(environ=HOME | {"PROXYFLEET_KEY": "canary", "PROXYFLEET_NODE_TOKEN": "canary"})
    assert loaded.node_token == "canary"
    assert "canary" not in repr(loaded)


def test_the_key_of_an_older_system_is_taken_along_and_never_shown():
    loaded = load(environ=HOME | {"ENCRYPTION_KEY": "canary"})
    assert loaded.old_key == "canary"
    assert "canary" not in repr(loaded)
    assert load(environ=HOME).old_key is None
