"""`serve --processes`, SIGHUP and `top`, as people run them."""

import json
import os
import signal
import subprocess

from tests.acceptance.test_cli_serve import code_of, eventually

STORE = ("--store", "sqlite:///fleet.db")


def together(program, file, *arguments, **environment):
    options = ("--listen", "127.0.0.1:0", "--import", file, "--allow-private", "--allow-private-targets")
    return program.running("serve", "--processes", "2", *STORE, *options, *arguments, **environment)


def children(node):
    out = subprocess.run(["pgrep", "-P", str(node.process.pid)], capture_output=True, text=True)
    return sorted(map(int, out.stdout.split()))


def test_two_processes_serve_one_port_and_end_in_order(program, lab):
    file, target = lab
    with together(program, file) as node:
        assert node.told["processes"] == "2"
        assert [code_of(node.told["gateway"], target) for _ in range(8)] == ["200"] * 8
        told = program.json("top", "--once", "--every", "0.2", *STORE)
        assert told["processes"] == 2
        ordered = program.json("eject", "all", *STORE)
        assert (ordered["eject"] > 0, ordered["processes"]) == (True, 2)
        assert program.json("reinstate", "all", *STORE)["processes"] == 2
        told = program.json("stats", *STORE)
        assert (told["node"]["processes"], told["gateway"]["requests"]) == (2, 8)
        first = children(node)
        assert len(first) == 2
        assert node.stop() == 0
        assert children(node) == []
        assert not list(program.home.glob("*.node*.json"))


def test_who_does_not_answer_is_told(program, lab):
    file, _ = lab
    with together(program, file):
        silent = program.home / "fleet.db.node.2.json"
        silent.write_text(json.dumps({"url": "http://127.0.0.1:1", "token": "t", "pid": os.getpid()}))
        done = program.run("eject", "all", "--json", *STORE)
        assert json.loads(done.stdout) == {"eject": 3, "processes": 2, "silent": 1}
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "1 process(es) did not answer and did nothing" in done.stderr
        silent.unlink()
        assert program.json("reinstate", "all", *STORE) == {"reinstate": 3, "processes": 2, "silent": 0}


def test_a_session_is_the_same_in_both_processes(program, lab):
    file, target = lab
    with together(program, file) as node:
        place = node.told["gateway"].removeprefix("http://")
        seen = set()
        for _ in range(16):  # the kernel spreads connections by their ports
            out = subprocess.run(
                ["curl", "-sS", "-i", "-m", "10", "-x", f"http://x-session-a1:y@{place}", target],
                capture_output=True,
                text=True,
            )
            assert out.returncode == 0, out.stderr
            seen.add(next(line for line in out.stdout.splitlines() if line.startswith("X-Proxyfleet-Proxy")))
        assert len(seen) == 1


def test_a_killed_process_is_replaced_and_nobody_notices_for_long(program, lab):
    file, target = lab
    with together(program, file) as node:
        before = children(node)
        os.kill(before[0], signal.SIGKILL)
        assert eventually(lambda: len(children(node)) == 2 and children(node) != before)
        assert eventually(lambda: code_of(node.told["gateway"], target) == "200")


def test_processes_end_with_their_parent(program, lab):
    file, _ = lab
    with together(program, file) as node:
        pids = children(node)
        node.process.kill()
        assert eventually(lambda: not any(alive(pid) for pid in pids))


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_several_processes_need_a_store_that_they_share(program):
    done = program.run("serve", "--processes", "2", "--store", "memory:")
    assert done.returncode == 2
    assert "share" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_keeps_one_from_starting_is_said_once(program):
    done = program.run("serve", "--processes", "2", "--listen", "0.0.0.0:0", *STORE)
    assert done.returncode == 2
    assert "without users" in done.stderr


def test_settings_are_read_again_on_a_hangup(program, lab):
    file, target = lab
    config = program.home / "settings.toml"
    config.write_text("[gateway]\nname_proxy = true\n")
    options = ("--listen", "127.0.0.1:0", "--allow-private-targets", "--import", file, "--allow-private")
    with program.running("serve", "--config", config, "--store", "memory:", *options) as node:
        assert "X-Proxyfleet-Proxy" in head_of(node, target)
        config.write_text("[gateway]\nname_proxy = false\n")
        node.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: "X-Proxyfleet-Proxy" not in head_of(node, target))
        config.write_text("[gateway]\nname_proxy = 17\n")
        node.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: any("name_proxy" in line for line in node.errors))
        assert code_of(node.told["gateway"], target) == "200"


def head_of(node, target):
    return subprocess.run(
        ["curl", "-sS", "-i", "-m", "10", "-x", node.told["gateway"], target], capture_output=True, text=True
    ).stdout


def test_top_shows_what_flows(program, lab):
    file, target = lab
    options = ("--listen", "127.0.0.1:0", "--allow-private-targets", "--import", file, "--allow-private")
    with program.running("serve", *STORE, *options, PROXYFLEET_GATEWAY_CONNECT_PORTS="any") as node:
        command = ["curl", "-sS", "-m", "30", "-x", node.told["gateway"], "-p", f"{target.rstrip('/')}/slow/3000"]
        client = subprocess.Popen([*command, "-N"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            assert client.stdout.read(1), "nothing arrived"
            told = program.json("top", "--once", "--every", "0.5", *STORE)
            assert told["tunnels"] == 1
            assert [row["tunnels"] for row in told["targets"]] == [1]
            assert told["proxies"][0]["down_rate"] > 0
            shown = program.run("top", "--once", "--every", "0.2", *STORE).stdout
            assert "1 tunnels" in shown
            assert "127.0.0.1" in shown
        finally:
            client.terminate()
            client.wait(10)
            client.stdout.close()
