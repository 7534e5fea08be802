"""A stand-in for Google Sheets that speaks its REST: for tests, benchmarks and trials. Names only; see `google`."""

from .google import Call, GoogleSheets
from .people import People
from .quota import Limits
from .spreadsheet import Spreadsheet

__all__ = ["Call", "GoogleSheets", "Limits", "People", "Spreadsheet"]
