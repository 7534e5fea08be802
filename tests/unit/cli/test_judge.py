"""`judge`."""

import signal
import subprocess
import sys
from urllib.request import urlopen


def test_it_runs_until_it_is_told_to_stop(home):
    command = [sys.executable, "-m", "proxyfleet", "judge", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[1]
            assert process.stdout.readline() == "ready\n"
            assert b'"client": "127.0.0.1"' in urlopen(url, timeout=5).read()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_place_that_is_none(run):
    done = run("judge", "--listen", "nowhere")
    assert done.code == 2
    assert "HOST:PORT" in done.err
