"""Source packages by name and hash (`locks/corpus.txt`), fetched with pip into pytest's cache and read where they lie."""

import fcntl
import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path

LOCK = Path(__file__).parents[2] / "locks" / "corpus.txt"
STAND_IN = Path(__file__).parent / "stand_in"
PATIENCE = 180
REMEDY = "make the package index of pip reachable, or point PIP_FIND_LINKS to a folder that holds these source packages"


def fetch(cache: Path) -> dict[str, Path]:
    """Archive by package name. What the cache has is checked against the lock again; a failed download is a failure."""
    wanted = dict(_wanted(LOCK.read_text(encoding="utf-8")))
    with (cache / "lock").open("w") as lock:  # several processes of one test run may want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(_holds(cache / name, digest) for name, digest in wanted.items()):
            _download(cache)
    for name, digest in wanted.items():
        assert _holds(cache / name, digest), f"pip did not bring {name} with the locked hash; {REMEDY}"
    return {name.partition("-")[0]: cache / name for name in wanted}


def _wanted(lock: str):
    for line in lock.splitlines():
        if "==" in line:
            requirement, _, digest = line.partition(" --hash=sha256:")
            yield f"{requirement.replace('==', '-')}.tar.gz", digest.strip()


def _holds(archive: Path, digest: str) -> bool:
    return archive.exists() and hashlib.sha256(archive.read_bytes()).hexdigest() == digest


def _download(cache: Path) -> None:
    """pip asks a package's build backend for its metadata even when it only downloads; ours answers in its place."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
    command += ["-r", str(LOCK), "-d", str(cache)]
    environment = {**os.environ, "PYTHONPATH": str(STAND_IN)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{done.stderr[-2000:]}\n{REMEDY}"


def texts(archive: Path, part: str, suffix: str) -> dict[str, str]:
    """Files of `archive` below `part` by the rest of their path, in order, one character per byte."""
    found = {}
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            _, inside, place = member.name.partition(part)
            if inside and place.endswith(suffix) and (file := packed.extractfile(member)) is not None:
                found[place] = file.read().decode("latin-1")
    return dict(sorted(found.items()))
