"""Where a database file may lie: not on a network file system, whose locks and shared memory SQLite cannot trust.

Looks and creates; opens no database.
"""

import os
from pathlib import Path

from proxyfleet.stores.errors import StoreUnusable

MOUNTS = Path("/proc/self/mounts")
NETWORK = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "beegfs",
        "gfs2",
        "ocfs2",
        "ncpfs",
    )
)


def network_type(path: Path, mounts: str) -> str | None:
    """The type of the network file system that `path` (absolute, resolved) is on; None for local ones.

    `mounts` is the text of /proc/self/mounts; the longest mount point that contains the path counts, the last if mounted over.
    """
    best, kind = -1, ""
    for line in mounts.splitlines():
        words = line.split(" ")
        point = Path(words[1].replace("\\040", " "))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), words[2]
    remote = kind in NETWORK or kind.startswith(
        ("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs", "fuse.ceph")
    )
    return kind if remote else None


def refuse_network(path: Path, mounts: Path = MOUNTS) -> None:
    """Raises `StoreUnusable` for a path on a network file system; systems without a list of mounts are not judged."""
    if not mounts.exists():
        return
    kind = network_type(path.resolve(), mounts.read_text(encoding="utf-8", errors="replace"))
    if kind is not None:
        raise StoreUnusable(
            f"{path} is on a network file system ({kind}), where SQLite can lose data; use a local disk, or PostgreSQL"
        )


def make_private(path: Path) -> None:
    """Create the file, empty and readable by its owner only, unless it is there; SQLite gives its mode to the WAL.

    A file that is there is never opened: closing it again would drop the locks that SQLite holds on it in this process.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.path.lexists(path):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if path.parent.is_dir():
            return  # another process was quicker
        raise StoreUnusable(f"{path} cannot be made (its directory is a file); give another path") from None
    except OSError as error:
        raise StoreUnusable(
            f"{path} cannot be opened or made ({error.strerror}); give a path this user may write to"
        ) from None
    if not path.is_file():
        raise StoreUnusable(f"{path} is not a file; give the path of a database file")
