"""Orders without a node; with one they are tested as a process."""

import pytest


def test_where_no_node_runs_it_is_said(fleet):
    done = fleet("reset", "1")
    assert (done.code, done.out) == (3, "")
    assert "no node is running" in done.err
    assert fleet("reset", "1", "--node", "off").code == 3


@pytest.mark.parametrize(("which", "word"), [(" ", "write 'all'"), ("1", "no node file")])
def test_what_cannot_be_asked(fleet, which, word):
    done = fleet("reset", which, "--node", "none.json")
    assert done.code == 2
    assert word in done.err


def test_a_host_is_a_host(fleet):
    for verb in ("block", "unblock"):
        done = fleet(verb, "1", "https://example.com/")
        assert (done.code, "is no host name" in done.err) == (2, True)
