"""A deaf listening socket: who has dialled is still there, who dials goes unheard and is not reset."""

import socket
import sys

import pytest

from proxyfleet.net.deafness import deafen

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system has no filters of this kind")


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_what_has_begun_goes_on_and_nothing_begins(family, host):
    with socket.create_server((host, 0), family=family) as sock:
        address = sock.getsockname()[:2]
        with socket.create_connection(address) as client:
            deafen(sock)
            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.05)
            client.sendall(b"x" * 100_000)
            there, _ = sock.accept()
            with there:
                there.settimeout(5)
                assert there.recv(100_000, socket.MSG_WAITALL) == b"x" * 100_000
                there.sendall(b"served")
                assert client.recv(6) == b"served"


def test_another_on_the_same_port_hears_who_was_not_heard():
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as sock:
        address = sock.getsockname()
        with socket.socket() as client:
            client.setblocking(False)
            deafen(sock)
            client.connect_ex(address)
            with socket.create_server(address, reuse_port=True) as other:
                sock.close()
                other.settimeout(10)
                other.accept()[0].close()


def test_systems_that_cannot_do_it_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with socket.create_server(("127.0.0.1", 0)) as sock:
        deafen(sock)
        socket.create_connection(sock.getsockname(), timeout=5).close()
