"""The panel of `demo` on a terminal; the demo itself is tested in tests/unit/assembly and tests/acceptance."""

from proxyfleet.cli.demo import MEANINGS, _panel


def test_lines_to_copy_are_not_wrapped(capsys):
    line = "curl -x http://demo:" + "x" * 200 + "@127.0.0.1:8080 http://127.0.0.1:1/"
    _panel((("try", line), ("target", "http://127.0.0.1:1")))
    told = capsys.readouterr().out
    assert line in told.splitlines()
    assert MEANINGS["target"] in told


def test_numbers_out_of_range_are_refused(run):
    assert run("demo", "--proxies", "0").code == 2
