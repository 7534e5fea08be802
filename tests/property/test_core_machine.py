"""The decision core against a naive model, driven by Hypothesis: whatever happens, both agree (SPEC C1-C7, D1-D4).

`Moves` holds the moves, `Twin` the comparison; here Hypothesis makes every choice and shrinks what it finds.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.property.conftest import PROFILE
from tests.property.moves import RULES, Moves, drive
from tests.property.twin import Twin


class CoreMachine(RuleBasedStateMachine):
    """Every rule is one move; after each the whole of both fleets is compared."""

    data: st.DataObject

    @initialize(rules=st.sampled_from(RULES), seed=st.integers(0, 1000), proxies=st.integers(3, 10), data=st.data())
    def start(self, rules: Any, seed: int, proxies: int, data: st.DataObject) -> None:
        self.twin = Twin(rules, seed)
        self.moves = Moves(self.twin, self.choose)
        self.data = data
        for _ in range(proxies):
            self.moves.add()

    def choose(self, values: Sequence[Any]) -> Any:
        return self.data.draw(st.sampled_from(values))

    def _move(self, name: str, data: st.DataObject) -> None:
        self.data = data
        getattr(self.moves, name)()

    @rule(data=st.data(), name=st.sampled_from(("add", "remove", "replace", "replace", "switch", "block", "hold")))
    def inventory(self, name: str, data: st.DataObject) -> None:
        self._move(name, data)

    @rule(data=st.data(), name=st.sampled_from(("record", "record", "record", "outage", "success", "answer", "login")))
    def outcomes(self, name: str, data: st.DataObject) -> None:
        self._move(name, data)

    @rule(data=st.data(), name=st.sampled_from(("slots", "traffic")))
    def load(self, name: str, data: st.DataObject) -> None:
        self._move(name, data)

    @rule(data=st.data())
    def time(self, data: st.DataObject) -> None:
        self._move("advance", data)

    @rule(data=st.data(), name=st.sampled_from(("pick", "picks", "attempt", "explain")))
    def picking(self, name: str, data: st.DataObject) -> None:
        self._move(name, data)

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "twin"):
            self.twin.check()


def test_core_agrees_with_the_model() -> None:
    run_state_machine_as_test(CoreMachine, settings=PROFILE)


@pytest.mark.parametrize("seed", range(16))
def test_seeded_runs_agree_with_the_model(seed: int) -> None:
    drive(seed, 150)
