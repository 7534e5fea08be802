"""`reset` without a node; with one it is tested as a process."""

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
