"""What an exchange tells."""

from proxyfleet.ports.sheet import CellProblem, Repair
from proxyfleet.services.mirroring.merge import Conflict
from proxyfleet.services.mirroring.report import KEPT, MirrorReport


def test_quiet_means_that_nothing_was_done_and_nothing_needs_a_look():
    assert MirrorReport().quiet
    assert MirrorReport(problems=[CellProblem(2, "x", "bad_date")]).quiet
    for name, value in (("unsure", 1), ("failure", "x"), ("notes", ["x"]), ("repairs", [Repair("a", "b", "c")])):
        assert not MirrorReport(**{name: value}).quiet
    report = MirrorReport()
    report.into["added"] = 1
    assert not report.quiet


def test_lines_for_people():
    report = MirrorReport(
        failure="Google is away",
        repairs=[Repair("a", "b", "City"), Repair("a", "a", "City")],
        conflicts=[Conflict("k", "city", "FR", "NL", "sheet")],
        notes=["a note"],
        problems=[CellProblem(7, "Expires", "bad_date"), CellProblem(8, "", "odd")],
    )
    assert report.lines({"bad_date": "unclear"}) == [
        "failed: Google is away",
        "moved: a write for a had hit b, column 'City'; what stood there is back",
        "moved: a, column 'City', was edited while it was being written; the edit counts",
        "conflict: k city: 'FR' (sheet) counts, not 'NL'",
        "note: a note",
        "row 7, column 'Expires': unclear",
        "row 8: odd",
    ]
    told = report.as_json()
    assert told["conflicts"][0]["kept"] == "FR"
    assert told["problems"][0] == {"row": 7, "column": "Expires", "code": "bad_date"}


def test_a_flood_is_cut():
    report = MirrorReport()
    for n in range(KEPT + 5):
        report.change(str(n))
    assert len(report.changes) == KEPT
