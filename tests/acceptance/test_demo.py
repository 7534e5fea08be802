"""`proxyfleet demo`, as the stranger's check uses it: plain lines, a working gateway, a quick and quiet end."""

import json
import subprocess

import pytest
from tests.acceptance.program import Program


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    program = Program(tmp_path_factory.mktemp("home"))
    with program.running("demo") as running:
        yield program, running


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", "-m", "10", *arguments], capture_output=True, text=True, timeout=15)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_printed_line_works_as_it_is(demo):
    _, running = demo
    words = running.told["try"].split()

    assert words[:2] == ["curl", "-x"]
    assert json.loads(curl(*words[1:]))["method"] == "GET"


def test_many_proxies_serve_and_are_named(demo):
    _, running = demo
    target = running.told["try"].split()[-1]
    heads = [curl("-x", running.told["gateway"], "-o", "/dev/null", "-D", "-", target) for _ in range(30)]

    assert all(" 200" in head.splitlines()[0] for head in heads)
    served = {line for head in heads for line in head.splitlines() if line.lower().startswith("x-proxyfleet-proxy:")}
    assert len(served) >= 5


def test_tunnels_work_and_strangers_are_refused(demo):
    _, running = demo
    target = running.told["try"].split()[-1]
    code = ["-o", "/dev/null", "-w", "%{http_code}"]

    assert curl("-p", "-x", running.told["gateway"], *code, target) == "200"
    place = running.told["gateway"].rpartition("@")[2]
    assert curl("-x", f"http://nobody:wrong@{place}", *code, target) == "407"


def test_dead_proxies_are_skipped_and_explained_by_the_node(demo):
    program, running = demo
    target = running.told["try"].split()[-1]
    curl(f"{running.told['lab']}/proxies/http-[1-6]", "-d", '{"dead": true}')
    for _ in range(5):
        wanted = [word for number in range(60) for word in ("-o", "/dev/null", f"{target}?{number}")]
        assert set(curl("-x", running.told["gateway"], "-w", "%{http_code}\n", *wanted).split()) == {"200"}

    found = program.json("pick", *running.told["explain"].split()[2:])

    skipped = [one for one in found["proxies"] if not one["eligible"]]
    assert found["total"] == 20
    assert skipped, "after hundreds of requests some of the dead ones rest"
    assert {one["code"] for one in skipped} == {"resting"}
    assert all("connect" in one["reason"] for one in skipped)


def test_it_ends_quickly_quietly_and_leaves_nothing(tmp_path):
    program = Program(tmp_path)
    with program.running("demo", "--proxies", "2", TMPDIR=str(tmp_path)) as running:
        assert list(tmp_path.glob("proxyfleet-demo-*"))
        assert running.stop() == 0
    assert not list(tmp_path.iterdir())
    assert not [line for line in running.errors if line]


def test_json_is_one_document(tmp_path):
    program = Program(tmp_path)
    process = subprocess.Popen(
        program.command("demo", "--proxies", "1", "--json"), stdout=subprocess.PIPE, text=True, env=program.environment
    )
    try:
        told = json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
    assert told["ready"] is True
    assert told["gateway"].startswith("http://demo:")
