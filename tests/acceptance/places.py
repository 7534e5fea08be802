"""Places that a database can lie in and that refuse something: a disk that is really full, one that is read-only, and files
whose modes count even for root. Nothing here is pretended; each needs only what a container or a CI machine gives.
"""

import ctypes
import errno
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
MOUNT = 'mount -t tmpfs -o "size=$1,mode=0700" none "$2" && echo up && exec cat'
LITTLE = 256 << 20
"""A shared-memory file system of at most this size (64 MB in a container) may be filled up for a test."""


class Disk:
    """A little file system. Commands begin with `prefix` to see it at `folder`; the test sees it at `seen`."""

    def __init__(self, folder, seen, prefix=()):
        self.folder, self.seen, self.prefix = Path(folder), Path(seen), list(prefix)

    def fill(self, leave=0):
        """Take all the space but `leave` bytes; `free` gives it back."""
        space = os.statvfs(self.seen)
        rest = space.f_bavail * space.f_frsize - leave
        with (self.seen / "filler").open("ab", buffering=0) as file:
            while rest > 0:
                try:
                    rest -= file.write(bytes(min(rest, 1 << 16)))
                except OSError as error:  # a node that serves has taken of it meanwhile: it is full all the same
                    if error.errno != errno.ENOSPC or leave:
                        raise
                    break

    def free(self):
        (self.seen / "filler").unlink()

    def remount(self, mode):
        """`ro` or `rw`."""
        command = [*self.prefix, "mount", "-o", f"remount,{mode}", self.folder]
        subprocess.run(command, check=True, capture_output=True, timeout=10)


@contextmanager
def little_disk(folder, size):
    """A file system of `size` bytes at `folder`: mounted where only our commands see it, else a container's own little one."""
    folder.mkdir()
    command = ["unshare", "-rm", "sh", "-c", MOUNT, "sh", str(size), str(folder)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        if holder.stdout.readline() == b"up\n":
            enter = ["nsenter", f"--target={holder.pid}", "--user", "--mount", "--preserve-credentials"]
            here = ["sh", "-c", 'cd "$0" && exec "$@"', str(folder.parent)]
            yield Disk(folder, f"/proc/{holder.pid}/root{folder}", [*enter, *here])
        else:
            yield from shared_memory(size)
    finally:
        holder.stdin.close()
        holder.wait(10)
        holder.stdout.close()


def shared_memory(size):
    space = os.statvfs("/dev/shm")
    if space.f_blocks * space.f_frsize > LITTLE:
        pytest.skip("no little file system: this user may not mount, and /dev/shm is too large to be filled")
    folder = tempfile.mkdtemp(dir="/dev/shm")
    disk = Disk(folder, folder)
    try:
        disk.fill(leave=size)
        (disk.seen / "filler").rename(disk.seen / "ballast")
        yield disk
    finally:
        shutil.rmtree(folder)


def modes_count():
    """For `preexec_fn`: root gives up the right to pass over file modes, for this process and its children."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "the capability cannot be dropped")
