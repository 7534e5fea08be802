"""A view: ready and full are disjoint, structures follow, and building in slices gives what building at once gives."""

from array import array

import pytest

from proxyfleet.core.columns import Columns
from proxyfleet.core.selector import ANY
from proxyfleet.core.view import Build, View


@pytest.fixture
def view(columns: Columns) -> View:
    return View(ANY, 0.0, columns, dense=True)


def structured(view: View, name: str) -> None:
    view.add_structure(name, array("i"), lambda slot: None)
    view.work(1_000)


def test_work_is_done_in_slices_and_in_order() -> None:
    done: list[int] = []
    build = Build(array("i", range(10)), done.append)
    assert (build.work(4), build.done, done) == (0, False, [0, 1, 2, 3])
    assert (build.work(9), build.done, done) == (3, True, list(range(10)))
    assert (build.work(5), build.done) == (5, True)


def test_ready_and_full_are_disjoint(view: View) -> None:
    view.full.add(1)
    view.join(1)
    assert (list(view.ready), list(view.full)) == ([1], [])
    view.leave(1)
    assert (list(view.ready), list(view.full)) == ([], [])


def test_who_no_longer_fits_is_in_neither(view: View) -> None:
    structured(view, "sticky")
    for slot in (1, 2):
        view.enrol(slot)
    view.join(1)
    view.full.add(2)
    for slot in (1, 2, 3):
        view.withdraw(slot)
    assert (list(view.ready), list(view.full), view.structures["sticky"].used) == ([], [], 0)


def test_a_structure_may_be_asked_only_when_it_is_finished(view: View) -> None:
    for slot in range(10):
        view.join(slot)
    view.add_structure("weighted_random", array("i"), lambda slot: None)
    view.work(5)
    assert "weighted_random" not in view.finished
    view.leave(9)
    view.join(20)
    view.work(5)
    view.work(1)
    assert view.finished["weighted_random"].total == 10
    assert (view.building, view.complete) == ([], True)


@pytest.mark.parametrize(
    ("name", "on_change", "on_load", "on_turn"),
    [
        ("weighted_random", 1, 0, 0),
        ("best_health", 1, 0, 0),
        ("least_loaded", 1, 1, 0),
        ("least_recently_used", 0, 0, 1),
        ("round_robin", 0, 0, 0),
        ("random", 0, 0, 0),
        ("two_choices", 0, 0, 0),
        ("sticky", 0, 0, 0),
    ],
)
def test_structures_hear_only_what_they_care_about(
    view: View, name: str, on_change: int, on_load: int, on_turn: int
) -> None:
    structured(view, name)
    assert (len(view.on_change), len(view.on_load), len(view.on_turn)) == (on_change, on_load, on_turn)


@pytest.mark.parametrize("dense", [True, False])
def test_a_view_grows_with_the_fleet(columns: Columns, dense: bool) -> None:
    view = View(ANY, 0.0, columns, dense)
    structured(view, "least_loaded")
    columns.grow(100)
    view.grow(100)
    view.join(99)
    assert view.finished["least_loaded"].first(lambda: 0.0, None) == 99
