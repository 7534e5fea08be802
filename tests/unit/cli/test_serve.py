"""`serve`: options reach the settings; running it is tested as a process, see tests/acceptance."""

from proxyfleet.cli.serve import tell


def test_lines(capsys):
    tell("name", "value")
    tell("ready", "")
    assert capsys.readouterr().out == "name  value\nready\n"


def test_wrong_options_are_told_before_anything_starts(run):
    for arguments, words in (
        (("--listen", "here"), "--listen: 'here'"),
        (("--control", "1"), "--control: '1'"),
        (("--strategy", "odd"), "--strategy: 'odd'"),
        (("--scheme", "odd"), "unknown scheme"),
    ):
        done = run("serve", "--store", "memory:", *arguments)
        assert done.code == 2
        assert words in done.err


def test_a_list_that_cannot_be_read_ends_it(run):
    done = run("serve", "--listen", "127.0.0.1:0", "--store", "memory:", "--import", "nowhere")
    assert done.code == 1
    assert "cannot read nowhere" in done.err
