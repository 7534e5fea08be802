"""`proxyfleet serve` as a process: says when it is ready, serves, notices changes of the store, drains, and fails clearly."""

import http.client
import json
import signal
import socket
import stat
import subprocess
import time


def code_of(gateway, url):
    done = subprocess.run(
        ["curl", "-sS", "-m", "10", "-x", gateway, "-o", "/dev/null", "-w", "%{http_code}", url],
        capture_output=True,
        text=True,
        timeout=15,
    )
    return done.stdout


def serving(program, *arguments, **environment):
    return program.running("serve", "--listen", "127.0.0.1:0", "--allow-private-targets", *arguments, **environment)


def test_it_serves_what_it_imports_and_stops_on_sigterm(program, lab):
    file, target = lab
    with serving(program, "--store", "memory:", "--import", file, "--allow-private") as node:
        assert node.told["proxies"] == "3"
        assert code_of(node.told["gateway"], target) == "200"
        assert node.stop() == 0


def test_ctrl_c_ends_it_in_order(program):
    with serving(program, "--store", "memory:") as node:
        assert node.stop(signal.SIGINT) == 0


def test_an_import_takes_effect_while_it_runs(program, lab):
    file, target = lab
    store = ("--store", "sqlite:///fleet.db")
    with serving(program, *store) as node:
        assert code_of(node.told["gateway"], target) == "503"
        assert program.json("import", file, "--allow-private", "--tag", "late", *store)["added"] == 3

        assert eventually(lambda: program.json("stats", *store)["fleet"]["total_proxies"] == 3)
        assert code_of(node.told["gateway"], target) == "200"
        assert program.run("disable", "tag=late", *store).returncode == 0
        assert eventually(lambda: program.json("stats", *store)["fleet"]["by_status"]["disabled"] == 3)
        assert code_of(node.told["gateway"], target) == "503"
        assert program.run("remove", "all", "--yes", *store).returncode == 0
        assert eventually(lambda: program.json("stats", *store)["fleet"]["total_proxies"] == 0)


def eventually(holds):
    """Whether it becomes true within ten seconds; the node looks for changes once a second."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if holds():
            return True
    return False


def test_users_must_log_in(program, lab):
    file, target = lab
    store = ("--store", "sqlite:///fleet.db")
    password = program.json("user", "add", "alice", *store)["password"]
    assert program.run("user", "add", "bob", "--password-stdin", *store, text="b:ob's own\n").returncode == 0
    with serving(program, *store, "--import", file, "--allow-private") as node:
        place = node.told["gateway"].removeprefix("http://")
        assert code_of(f"http://alice:{password}@{place}", target) == "200"
        assert code_of(f"http://bob:b%3Aob%27s%20own@{place}", target) == "200"
        assert code_of(f"http://alice:wrong@{place}", target) == "407"
        assert code_of(f"http://{place}", target) == "407"


def test_the_node_file_is_private_and_goes_away(program):
    with serving(program, "--store", "sqlite:///fleet.db") as node:
        file = program.home / "fleet.db.node.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text())["url"] == node.told["control"]
        node.stop()
        assert not file.exists()


def test_the_control_port_answers_supervisors_and_nobody_else(program):
    with serving(program, "--store", "memory:") as node:
        found = {}
        for path in ("/livez", "/readyz", "/fleet/report", "/nothing"):
            connection = http.client.HTTPConnection(node.told["control"].removeprefix("http://"), timeout=10)
            connection.request("GET", path)
            found[path] = connection.getresponse().status
            connection.close()
        assert found == {"/livez": 200, "/readyz": 200, "/fleet/report": 401, "/nothing": 404}


def test_the_gateway_does_not_lead_to_the_control_port(program):
    with serving(program, "--store", "memory:") as node:
        assert code_of(node.told["gateway"], node.told["control"] + "/livez") == "403"


def test_running_requests_finish_before_it_ends(program, lab):
    """R18: SIGTERM in the middle of an answer; the answer is complete."""
    file, target = lab
    with serving(program, "--store", "memory:", "--import", file, "--allow-private") as node:
        command = ["curl", "-sS", "-m", "20", "-x", node.told["gateway"], f"{target}/slow/100"]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert eventually(lambda: program.json("stats", "--store", "memory:")["fleet"]["active"] == 1)
        assert node.stop() == 0
        body, complaint = client.communicate(timeout=20)
        assert client.returncode == 0, complaint
        assert len(body) == 100


def test_a_taken_port_is_one_clear_line(program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = program.run("serve", "--listen", address, "--store", "memory:")
    assert done.returncode == 3
    assert done.stderr.startswith("error: ")
    assert address in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_open_proxy_is_refused(program):
    done = program.run("serve", "--listen", "0.0.0.0:0", "--store", "memory:")

    assert done.returncode == 2
    assert "without users" in done.stderr


def test_serving_a_list_without_proxies_is_refused(program):
    (program.home / "empty.txt").write_text("nothing here\n")
    done = program.run("serve", "--listen", "127.0.0.1:0", "--store", "memory:", "--import", "empty.txt")

    assert done.returncode == 1
    assert "no valid line" in done.stderr
