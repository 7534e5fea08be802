"""`backup` and `restore`."""


def test_there_and_back(fleet, home):
    key = fleet("key", "status", "--json").json["key"]
    done = fleet("backup", "copy.bak")
    assert (done.code, done.out) == (0, f"{home / 'copy.bak'}\n")
    assert key in done.err
    assert fleet("remove", "all", "--yes").code == 0
    told = fleet("restore", "copy.bak", "--yes", "--json").json
    assert told == {"restored": str(home / "fleet.db"), "saved": str(home / "fleet.db.before-restore.bak")}
    assert "s3cret-canary" in fleet("export", "--with-passwords").out


def test_restoring_to_a_new_place_needs_no_confirmation(fleet, home):
    fleet("backup", "copy.bak")
    done = fleet("restore", "copy.bak", "--store", "sqlite:///new.db")
    assert (done.code, done.out, done.err) == (0, f"{home / 'new.db'} is as in copy.bak\n", "")
    assert len(fleet("list", "--json", "--store", "sqlite:///new.db").json) == 3


def test_nothing_is_overwritten_unasked(fleet):
    assert fleet("backup", "copy.bak").code == 0
    assert fleet("backup", "copy.bak").code == 3
    assert fleet("disable", "all").code == 0
    assert fleet("restore", "copy.bak").code == 2
    assert {row["status"] for row in fleet("list", "--json").json} == {"disabled"}
    assert fleet("restore", "fleet.db", "--yes").code == 2
    assert fleet("restore", "none.bak", "--yes").code == 3
