"""R13: however it is told to, the program does not become an open proxy."""

import socket
import subprocess
import urllib.error
import urllib.request

import pytest
from tests.acceptance.program import refused

WORDS = ("without users", "allow_clients")


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
def test_by_option(program, listen):
    refused(program.run("serve", "--listen", listen, "--store", "memory:"), *WORDS, code=2)


def test_by_environment(program):
    refused(program.run("serve", "--store", "memory:", PROXYFLEET_GATEWAY_LISTEN="0.0.0.0:0"), *WORDS, code=2)


@pytest.mark.parametrize("networks", ["0.0.0.0/0", "10.0.0.0/8, ::/0"])
def test_by_an_allow_list_that_lets_everybody_in(program, networks):
    told = {"PROXYFLEET_GATEWAY_LISTEN": "0.0.0.0:0", "PROXYFLEET_GATEWAY_ALLOW_CLIENTS": networks}
    refused(program.run("serve", "--store", "memory:", **told), *WORDS, code=2)


def test_a_store_without_users_is_as_good_as_none(program):
    refused(program.run("serve", "--listen", "0.0.0.0:0", "--store", "sqlite:///fleet.db"), *WORDS, code=2)


def status(port, host="127.0.0.1", login=""):
    proxy = urllib.request.ProxyHandler({"http": f"http://{login}{host}:{port}"})
    try:
        return urllib.request.build_opener(proxy).open("http://example.com/", timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


def port_of(node):
    return int(node.told["gateway"].rpartition(":")[2])


def test_a_user_opens_it_to_users_only(program):
    store = ("--store", "sqlite:///fleet.db")
    done = program.run("user", "add", "ada", "--password-stdin", *store, text="a-long-password\n")
    assert done.returncode == 0, done.stderr
    with program.running("serve", "--listen", "0.0.0.0:0", *store) as node:
        assert status(port_of(node)) == 407
        assert status(port_of(node), login="ada:a-long-password@") == 503, "let in; the fleet is empty"
        assert program.run("user", "remove", "ada", *store).returncode == 0
        assert eventually(lambda: status(port_of(node), login="ada:a-long-password@") == 407), (
            "and nobody is not everybody"
        )


def test_an_allow_list_opens_it_to_its_networks_only(program):
    networks = {"PROXYFLEET_GATEWAY_ALLOW_CLIENTS": "127.0.0.2/32"}
    with program.running("serve", "--listen", "0.0.0.0:0", "--store", "memory:", **networks) as node:
        assert status(port_of(node)) == 403
        with socket.create_connection(
            ("127.0.0.1", port_of(node)), source_address=("127.0.0.2", 0), timeout=10
        ) as mine:
            mine.sendall(b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
            assert mine.recv(100).startswith(b"HTTP/1.1 503 ")


def eventually(holds):
    return any(holds() or subprocess.run(["sleep", "0.2"], check=False).returncode for _ in range(50))
