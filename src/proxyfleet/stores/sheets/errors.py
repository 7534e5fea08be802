"""What can go wrong with a sheet, each with its cause and remedy in one line; no cell and no key is ever in it."""

from proxyfleet.core.errors import FleetError


class SheetError(FleetError):
    """The sheet could not be used; nothing was concluded from it."""

    code = "sheet_error"


class SheetUnavailable(SheetError):
    """Google does not answer, or not in time. `sent` tells whether the call may have been carried out all the same."""

    code = "sheet_unavailable"

    def __init__(self, message: str, *, sent: bool = False) -> None:
        super().__init__(message)
        self.sent = sent


class SheetRefused(SheetError):
    """Google understood the call and refused it; nothing of it was carried out. `protected` names the usual reason."""

    code = "sheet_refused"

    def __init__(self, message: str, *, protected: bool = False) -> None:
        super().__init__(message)
        self.protected = protected


class NoSheetAccess(SheetError):
    """The account may not read or write the spreadsheet, or the API is switched off in its project."""

    code = "no_sheet_access"


class SheetNotFound(SheetError):
    """There is no such spreadsheet or tab."""

    code = "sheet_not_found"


class BadSheetKey(SheetError):
    """The key file is missing, damaged, of another kind, or Google does not accept it."""

    code = "bad_sheet_key"


class SheetForeign(SheetError):
    """The spreadsheet belongs to another fleet."""

    code = "sheet_foreign"


class SheetUnusable(SheetError):
    """The tab has no heading row, or was not connected yet."""

    code = "sheet_unusable"


class SheetSuspicious(SheetError):
    """What was read looks like a failure of Google's or an accident of people: nothing is done before somebody says so."""

    code = "sheet_suspicious"


class SheetBusy(SheetError):
    """Another process of this fleet works on the sheet and does not let go."""

    code = "sheet_busy"
