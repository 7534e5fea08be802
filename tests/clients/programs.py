"""Clients that are programs of their own: curl, wget, Scrapy, Crawlee and Node's undici, each as its users call it."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.clients.world import Ask, Told

HERE = Path(__file__).parent
PATIENCE = 15
HEADER = "X-Proxyfleet-Strategy: random"
QUIET = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def found(program: str, package: str) -> str:
    """Where a program is; `.ci/run` installs what is missing."""
    path = shutil.which(program)
    assert path, f"no {program} found: install it (Debian: apt-get install {package})"
    return path


def run(command: list[str], given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 4,
        env={**QUIET, **environment},
        check=False,
    )


def by_curl(ask: Ask) -> Told:
    """The status is that of the last answer, also of one to CONNECT."""
    options = ["--max-time", str(PATIENCE), "--cacert", ask.ca, "--proxy-cacert", ask.ca]
    way = ["--proxy", ask.proxy]
    header = ["-H", HEADER] if ask.url.startswith("http:") and not ask.scheme.startswith("socks") else []
    status = ["-w", "\n%{http_connect} %{http_code}"]
    done = run([found("curl", "curl"), "-sS", *options, *way, *header, *status, ask.url])
    text, _, codes = done.stdout.rpartition("\n")
    connected, code = map(int, codes.split())
    return Told(code or (connected if connected >= 300 else 0), text or done.stderr)


def by_wget(ask: Ask) -> Told:
    """wget says 407 in words."""
    login = [f"--proxy-user={ask.login[0]}", f"--proxy-password={ask.login[1]}"] if ask.login else []
    options = ["-nv", "-O", "-", "--tries=1", f"--timeout={PATIENCE}", f"--ca-certificate={ask.ca}"]
    header = [f"--header={HEADER}"] if ask.url.startswith("http:") else []
    way = {"http_proxy": ask.bare, "https_proxy": ask.bare}
    done = run([found("wget", "wget"), *options, *login, *header, ask.url], **way)
    if done.returncode == 0:
        return Told(200, done.stdout)
    return Told(407 if "407" in done.stderr or "Proxy Authentication Required" in done.stderr else 0, done.stderr)


def by_scrapy(asks: list[Ask], handler: str = "") -> list[Told]:
    """With its usual way of downloading, or another one of its own."""
    return _crawled(asks, "crawl.py", handler)


def by_crawlee(asks: list[Ask]) -> list[Told]:
    """With the client that it uses by itself."""
    return _crawled(asks, "crawlee_crawl.py")


def _crawled(asks: list[Ask], program: str, *arguments: str) -> list[Told]:
    """One crawl for all of them: starting takes a second."""
    given = json.dumps([{"url": ask.url, "proxy": ask.proxy} for ask in asks])
    done = run([sys.executable, str(HERE / program), *arguments], given)
    assert done.returncode == 0, done.stderr
    return [Told(*told) for told in json.loads(done.stdout)]


def undici(folder: Path) -> Path:
    """The folder in which both versions are installed, from the lock beside this file; done once per cache and lock."""
    lock, installed = HERE / "undici" / "package-lock.json", folder / "installed.json"
    if not installed.exists() or installed.read_text() != lock.read_text():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "undici" / name, folder)
        done = run([found("npm", "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)])
        assert done.returncode == 0, f"npm could not install undici:\n{done.stderr[-2000:]}"
        shutil.copy(lock, installed)
    shutil.copy(HERE / "undici" / "visit.mjs", folder)
    return folder


def node_version() -> tuple[int, ...]:
    return tuple(map(int, run([found("node", "nodejs"), "--version"]).stdout.strip().lstrip("v").split(".")))


def by_undici(package: str, folder: Path, asks: list[Ask]) -> list[Told]:
    """One Node for all of them; `package` is the name that this version has in the lock."""
    lines = [{"url": ask.url, "proxy": ask.bare, "login": ask.login, "ca": ask.ca} for ask in asks]
    given = "".join(json.dumps(line) + "\n" for line in lines)
    done = run([found("node", "nodejs"), str(undici(folder) / "visit.mjs"), package], given)
    assert done.returncode == 0, done.stderr
    return [Told(**json.loads(line)) for line in done.stdout.splitlines()]


async def all_at_once(client, asks: list[Ask]) -> list[Told]:
    """A client's asks in threads beside the loop that the gateway runs on."""
    return list(await asyncio.gather(*(asyncio.to_thread(client, ask) for ask in asks)))
