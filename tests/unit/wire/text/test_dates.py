"""Expiry dates: what is clear is read as UTC, what is not is an error."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.wire.text.dates import expiry
from proxyfleet.wire.text.reasons import Refused

END_OF_2026 = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
NOON = datetime(2026, 12, 31, 12, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text", ["2026-12-31", "2026/12/31", "31.12.2026", "31/12/2026", "12/31/2026", "31-12-2026", "20261231"]
)
def test_a_date_without_a_time_ends_with_its_day(text: str) -> None:
    assert expiry(text) == END_OF_2026


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-31T12:30:00Z",
        "2026-12-31 12:30",
        "2026-12-31T15:30:00+03:00",
        "31.12.2026 12:30",
        "31/12/2026, 12:30:00",
        "2026/12/31 12:30:00",
        str(int(NOON)),
        str(NOON),
        str(int(NOON * 1000)),
    ],
)
def test_moments(text: str) -> None:
    assert expiry(text) == NOON


@pytest.mark.parametrize("number", [int(NOON), NOON, int(NOON) * 1000])
def test_epochs_as_numbers(number: float) -> None:
    assert expiry(number) == NOON


@pytest.mark.parametrize(
    "text",
    [
        "03/04/2026",
        "3-4-2026",
        "32.12.2026",
        "13/13/2026",
        "2026-02-30",
        "31.12.26",
        "soon",
        "12345",
        "99999999999999",
        "0000-00-00",
        "2026-12-31T25:00",
        "1e12",
        "nan",
        "31.12.2026 noon",
        "31.12/2026",
    ],
)
def test_unclear_dates_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_date"):
        expiry(text)


def test_same_day_and_month_leave_nothing_to_guess() -> None:
    assert expiry("03/03/2026") == expiry("2026-03-03")


@pytest.mark.parametrize("text", ["", " ", "never", "None", "-"])
def test_never(text: str) -> None:
    assert expiry(text) is None


@given(st.text(alphabet="0123456789-/.:TZ +,", max_size=30))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    with suppress(Refused):
        moment = expiry(text)
        assert moment is None or -62135600000 < moment <= 253402300799
