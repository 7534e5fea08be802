"""Thousands of clients that send or read slowly, or not at all: the others do not notice, and memory stays bounded (R17)."""

import gc
import http.client
import resource
import socket
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
from tests.acceptance.program import LAB, Program

pytestmark = pytest.mark.alone
SLOW, READERS = 5_000, 100
P99 = 0.05
PER_TUNNEL = 0.75e6
HEAD = b"GET http://shop.lab/headers HTTP/1.1\r\nHost: shop.lab\r\nX-Padding: "
SERVE = ("serve", "--store", "memory:", "--listen", "127.0.0.1:0", "--allow-private", "--allow-private-targets")


@pytest.fixture(autouse=True)
def descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SLOW + 1_000
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            pytest.skip(f"needs {wanted} open files, the limit is {hard}; raise it with ulimit -n")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def node(tmp_path):
    """A node in a process of its own before the proxies of a lab in another."""
    program = Program(tmp_path)
    with program.running(*LAB) as lab:
        connection = http.client.HTTPConnection(lab.told["control"].removeprefix("http://"), timeout=10)
        connection.request("GET", "/lines")
        (tmp_path / "proxies.txt").write_text(connection.getresponse().read().decode())
        connection.close()
        with program.running(*SERVE, "--import", tmp_path / "proxies.txt") as running:
            yield running


def place(node):
    host, _, port = node.told["gateway"].removeprefix("http://").rpartition(":")
    return host, int(port)


def p99(node, requests=300):
    """The 99th percentile of the time that a request takes on a kept connection."""
    connection = http.client.HTTPConnection(*place(node), timeout=10)
    took = []
    gc.disable()  # what is measured is the node, not how long this process tidies up
    for _ in range(requests):
        began = monotonic()
        connection.request("GET", "http://shop.lab/headers")
        answer = connection.getresponse()
        answer.read()
        took.append(monotonic() - began)
        assert answer.status == 200
    gc.enable()
    connection.close()
    return sorted(took)[int(requests * 0.99)]


@contextmanager
def dripping(sockets):
    """Each of them sends a byte of a head again and again, in small groups."""
    over = threading.Event()

    def drip():
        while True:
            for number, one in enumerate(sockets):
                if number % 25 == 0 and over.wait(0.01):
                    return
                try:
                    one.send(b"x")
                except OSError:
                    pass  # its time for a head was over

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_five_thousand_slow_clients_slow_down_nobody_else(node):
    alone = p99(node)
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(place(node), 10)) for _ in range(SLOW)]
        beginning, reading = slow[: SLOW // 2], slow[SLOW // 2 : SLOW // 2 + READERS]  # the rest says nothing at all
        for one in beginning:
            one.send(HEAD)
        for one in reading:
            one.send(b"GET http://shop.lab/bytes/10000000 HTTP/1.1\r\nHost: shop.lab\r\n\r\n")
        with dripping(beginning):
            p99(node, 20)  # the lab, one process, first fills the buffers of all readers: a gigabyte
            beside = p99(node)
    # Where the machine is so busy that one client alone is not served in time, at least it gets hardly worse.
    assert beside < max(P99, 3 * alone)


def test_what_comes_too_slowly_is_ended(node):
    """The time for a head is absolute: dripping does not prolong it."""
    with socket.create_connection(place(node), 10) as one:
        one.send(HEAD)
        began = monotonic()
        with dripping([one]):
            one.settimeout(15)
            answer = one.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert 9.0 < monotonic() - began < 13.0


def test_slow_readers_cost_little_memory(node):
    def resident():
        lines = Path(f"/proc/{node.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024

    def reader():
        one = stack.enter_context(socket.create_connection(place(node), 10))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.send(b"CONNECT shop.lab:80 HTTP/1.1\r\nHost: shop.lab:80\r\n\r\n")
        assert one.recv(4096).startswith(b"HTTP/1.1 200")
        one.send(b"GET /bytes/10000000 HTTP/1.1\r\nHost: shop.lab\r\n\r\n")

    with ExitStack() as stack:
        reader()
        p99(node, 50)
        before = resident()
        for _ in range(READERS):
            reader()
        sleep(1.0)  # so that everything has come that will come
        p99(node, 50)
        assert resident() - before < READERS * PER_TUNNEL
