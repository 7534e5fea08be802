"""Network file systems are refused; new files are private."""

import stat
from pathlib import Path

import pytest

from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.sql.filesystem import make_private, network_type, refuse_network

MOUNTS = """/dev/sda1 / ext4 rw 0 0
server:/export /srv/nfs nfs4 rw 0 0
tmpfs /srv/nfs/local tmpfs rw 0 0
//nas/share /mnt/my\\040share cifs rw 0 0
me@h:/ /home/me/far fuse.sshfs rw 0 0
C: /mnt/c 9p rw 0 0
/dev/sdb1 /mnt/c ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/fleet.db", None),
        ("/srv/nfs/fleet.db", "nfs4"),
        ("/srv/nfs/local/fleet.db", None),
        ("/srv/nfsx/fleet.db", None),
        ("/mnt/my share/fleet.db", "cifs"),
        ("/home/me/far/a/fleet.db", "fuse.sshfs"),
        ("/mnt/c/fleet.db", None),
    ],
)
def test_the_closest_and_latest_mount_counts(path: str, kind: str | None) -> None:
    assert network_type(Path(path), MOUNTS) == kind


def test_a_network_disk_is_refused_with_a_remedy(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path.resolve()} nfs rw 0 0\n")
    with pytest.raises(StoreUnusable, match=r"network file system \(nfs\).*use a local disk"):
        refuse_network(tmp_path / "fleet.db", mounts)
    refuse_network(tmp_path / "fleet.db", tmp_path / "no-such-list")


def test_new_files_are_private_and_old_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "new" / "fleet.db"
    make_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("kept")
    make_private(path)
    assert path.read_text() == "kept"


def test_what_cannot_be_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(StoreUnusable, match="is not a file"):
        make_private(tmp_path)
    with pytest.raises(StoreUnusable, match="cannot be made"):
        make_private(tmp_path / "plain" / "fleet.db")
