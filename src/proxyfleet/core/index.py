"""Finds the eligible proxies of a selector: postings for what is new, views for what is asked often (DESIGN section 4).

Told of every change of a slot, it passes the change to the views that the slot's labels fit. It reads the columns to see
who is ready and never changes them; which one of the ready is picked is the strategies' business.
"""

from array import array
from collections.abc import Callable, Sequence

from proxyfleet.core.clause import Profile
from proxyfleet.core.columns import FULL, READY, SCORE_PROBE, Columns
from proxyfleet.core.postings import Postings
from proxyfleet.core.profiles import Profiles
from proxyfleet.core.selector import Selector
from proxyfleet.core.view import Build, Step, View

MOST_VIEWS = 64
SMALL = 1024
"""Postings up to this size get their view built at once, some half a millisecond."""
SLICE = 192
"""Slots that one call builds of a larger view, well under half a millisecond."""
MOST_ASKED = 1024
Movers = tuple[tuple[Step, ...], tuple[Step, ...]]
"""Whom a changed score is told in any case, and whom only if the weight is another one."""


class Index:
    """`view(selector)` is the view when there is one worth having; `refresh(slot)` after every change of a slot."""

    def __init__(
        self, columns: Columns, profiles: Profiles, min_score: float, held_back: Callable[[int], None]
    ) -> None:
        """`held_back(slot)` is called when a new view finds a slot whose score alone is too low for it."""
        self.columns = columns
        self._held_back = held_back
        self.min_score = min_score
        self.profiles = profiles
        self.postings = Postings()
        self.views: dict[str, View] = {}
        self.turn_watchers = self.load_watchers = 0
        self.top_floor = min_score
        self._of_profile: dict[int, tuple[View, ...]] = {}
        self._movers: dict[int, Movers] = {}
        self._asked: dict[str, int] = {}
        self.clock = 0
        """The number of the present question; the view asked longest ago makes room for another."""

    def grow(self, size: int) -> None:
        """Slots below `size` may come from now on."""
        self.postings.grow(size)
        for view in self.views.values():
            view.grow(size)

    def add(self, slot: int, profile: Profile) -> None:
        """A slot appears with its labels; follow with `refresh` once its state is known."""
        number = self.columns.profile[slot] = self.profiles.take(profile)
        self.postings.add(slot, profile, number)
        for view in self.views_of(number):
            view.enrol(slot)

    def add_many(self, slots: range, numbers: Sequence[int]) -> None:
        """Slots appear with their labels, by the numbers of their profiles; while there is no view."""
        members: dict[int, list[int]] = {number: [] for number in numbers}
        for slot, number in zip(slots, numbers, strict=True):
            members[number].append(slot)
        for number, found in members.items():
            self.profiles.take_many(number, len(found))
        self.postings.add_many(slots, [(self.profiles.at(number), number, members[number]) for number in members])

    def remove(self, slot: int) -> None:
        """A slot disappears, or is about to get other labels. It still has its id and its old labels."""
        number = self.columns.profile[slot]
        for view in self.views_of(number):
            view.withdraw(slot)
        self.postings.remove(slot, self.profiles.at(number))
        if self.profiles.release(number):
            self._of_profile.pop(number, None)
            self._movers.pop(number, None)
            self.postings.forget(number)

    def views_of(self, number: int) -> tuple[View, ...]:
        """The views that the labels of a profile fit."""
        views = self._of_profile.get(number)
        if views is None:
            profile = self.profiles.at(number)
            views = tuple(view for view in self.views.values() if view.selector.matches(profile))
            self._of_profile[number] = views
        return views

    def refresh(self, slot: int) -> None:
        """The slot's standing, score or load may have changed."""
        columns = self.columns
        views = self._of_profile.get(columns.profile[slot])
        if views is None:
            views = self.views_of(columns.profile[slot])
        standing, health, probe = columns.standing[slot], columns.health[slot], columns.flags[slot] & SCORE_PROBE
        for view in views:
            if standing == READY and view.ready.places[slot] >= 0 and (health >= view.floor or probe):
                for moved in view.on_change:
                    moved(slot)
            else:
                fits = standing >= FULL and (health >= view.floor or probe)
                self._place(view, slot, standing if fits else 0)

    def rated(self, slot: int, number: int, weighs_anew: bool) -> None:
        """The scores of a slot of profile `number` have changed that was and stays ready in all views that its labels fit."""
        always, by_weight = self._movers.get(number) or self._movers_of(number)
        for moved in always:
            moved(slot)
        if weighs_anew:
            for moved in by_weight:
                moved(slot)

    def _movers_of(self, number: int) -> Movers:
        """Whom to tell; a view that is being built may not have the slot yet, so that the long way is asked meanwhile."""
        views = self.views_of(number)
        if any(view.building for view in views):
            return (self.refresh,), ()
        always = tuple(moved for view in views for moved in view.on_score)
        by_weight = tuple(moved for view in views for moved in view.on_weight)
        self._movers[number] = always, by_weight
        return always, by_weight

    def _place(self, view: View, slot: int, standing: int) -> None:
        """Where the slot belongs in the view: ready, full (only that), or nowhere (0)."""
        inside = view.ready.places[slot] >= 0
        if standing == READY:
            if not inside:
                view.join(slot)
            return
        if inside:
            view.leave(slot)
        if standing != FULL:
            view.full.discard(slot)
        elif slot not in view.full:
            view.full.add(slot)

    def used(self, slot: int) -> None:
        """The slot had a turn."""
        number = self.columns.profile[slot]
        for view in self._of_profile.get(number) or self.views_of(number):
            if view.on_turn and view.ready.places[slot] >= 0:
                for moved in view.on_turn:
                    moved(slot)

    def loaded(self, slot: int) -> None:
        """The slot's load has changed, its standing has not."""
        for view in self.views_of(self.columns.profile[slot]):
            if view.on_load and view.ready.places[slot] >= 0:
                for moved in view.on_load:
                    moved(slot)

    def view(self, selector: Selector) -> View | None:
        """The selector's view, complete or not; None when it was not asked often enough for one."""
        view = self.views.get(selector.key)
        if view is None:
            view = self._consider(selector)
            if view is None:
                return None
        view.asked = self.clock
        if view.building:
            view.work(SLICE)
        return view

    def _consider(self, selector: Selector) -> View | None:
        posting = self.postings.smallest(selector)
        asked = self._asked.get(selector.key, 0) + 1
        if asked < 2 and len(posting) > SMALL:
            if len(self._asked) >= MOST_ASKED:
                del self._asked[next(iter(self._asked))]
            self._asked[selector.key] = asked
            return None
        self._asked.pop(selector.key, None)
        return self._build(selector, posting.members[:])

    def _build(self, selector: Selector, slots: "array[int]") -> View:
        if len(self.views) >= MOST_VIEWS:
            oldest = min(self.views.values(), key=lambda view: view.asked)
            del self.views[oldest.selector.key]
        floor = self.min_score if selector.min_score is None else selector.min_score
        plain = Selector(selector.labels, min_score=selector.min_score)
        view = View(plain, floor, self.columns, dense=len(slots) * 8 > self.columns.size)
        self.views[selector.key] = view
        self._views_changed()
        view.building.append(Build(slots, lambda slot: self._enter(view, slot)))
        if len(slots) <= SMALL:
            view.work(SMALL + 1)
        return view

    def _views_changed(self) -> None:
        self._of_profile.clear()
        self._movers.clear()
        self.turn_watchers = sum(bool(view.on_turn) for view in self.views.values())
        self.load_watchers = sum(bool(view.on_load) for view in self.views.values())
        self.top_floor = max((view.floor for view in self.views.values()), default=self.min_score)

    def _enter(self, view: View, slot: int) -> None:
        columns = self.columns
        if not columns.flags[slot] or view not in self.views_of(columns.profile[slot]):
            return
        standing = columns.standing[slot]
        if columns.health[slot] >= view.floor or columns.flags[slot] & SCORE_PROBE:
            self._place(view, slot, standing)
        elif standing >= FULL:
            self._held_back(slot)

    def want_structure(self, view: View, name: str) -> None:
        """Begin the strategy's structure in the view, and finish it at once when the view is small."""
        static = self.postings.smallest(view.selector).members[:] if name == "sticky" else array("i")

        def enrol(slot: int) -> None:
            if self.columns.flags[slot] and view in self.views_of(self.columns.profile[slot]):
                view.structures[name].enrol(slot)

        view.add_structure(name, static, enrol)
        self._views_changed()
        if len(view.ready) + len(static) <= SMALL:
            view.work(2 * SMALL + 4)

    def work(self, most: int) -> bool:
        """Build up to `most` slots of whatever is unfinished; True when nothing is left."""
        for view in self.views.values():
            if view.building:
                view.work(most)
                return False
        return True
