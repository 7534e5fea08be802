"""Who may write where: protected ranges, in Google's words."""

from .a1 import Area
from .grid import Tab
from .spreadsheet import Spreadsheet, invalid

PROTECTED = (
    "You are trying to edit a protected cell or object. "
    "Please contact the spreadsheet owner to remove protection if you need to edit."
)


def check_writable(book: Spreadsheet, tab: Tab, area: Area, user: str) -> None:
    """Raises `Refusal` when a protection of somebody else is in the way."""
    for one in tab.protected:
        if one.area.meets(area) and not one.warning_only and user not in one.editors and user != book.owner:
            raise invalid(PROTECTED)
