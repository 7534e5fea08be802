"""Addresses of own sources hold keys: they are in no log at any level, no report, no event and no file."""

import json
import urllib.request

import pytest

STORE = ("--store", "sqlite:///fleet.db")


@pytest.mark.parametrize("fault", [None, "429", "loop", "half", "html"])
def test_a_key_in_an_address_is_nowhere(program, fault):
    with program.running("lab", "--http", "2", "--open", "--sources") as lab:
        site = lab.told["sources"]
        url = site.replace("http://", "http://user:canary-1@") + "/databay.com/free-proxy-list.txt?key=canary-2"
        said = [program.run("sources", "add", "mine", "-", *STORE, text=url)]
        if fault:
            body = json.dumps({"pattern": "*", "fault": fault}).encode()
            urllib.request.urlopen(f"{lab.told['control']}/sources", body, timeout=5).close()
        loud = {"PROXYFLEET_LOG_LEVEL": "debug", "PROXYFLEET_SOURCES_PAUSE": "0.01"}
        for arguments in (
            ("sources", "fetch", "mine", "--allow-private", "--debug"),
            ("sources", "fetch", "mine", "--json"),
            ("sources", "list", "--json"),
            ("sources", "report", "--json"),
            ("events", "--json"),
            ("config", "show"),
        ):
            said.append(program.run(*arguments, *STORE, **loud))
        told = "".join(done.stdout + done.stderr for done in said)
        assert "mine" in told
        assert "canary" not in told
        files = b"".join(file.read_bytes() for file in program.home.rglob("*") if file.is_file())
        assert b"canary" not in files
