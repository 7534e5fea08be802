"""Errors and their codes."""

from proxyfleet.cli.failing import ExitCode, exit_code_of
from proxyfleet.stores.sheets import errors


def test_every_error_has_a_code_of_its_own_and_an_exit_code():
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.SheetError)]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert exit_code_of(errors.SheetUnavailable("x")) is ExitCode.UNAVAILABLE
    assert exit_code_of(errors.BadSheetKey("x")) is ExitCode.USAGE
    assert exit_code_of(errors.SheetSuspicious("x")) is ExitCode.FAILED


def test_what_may_have_been_done_is_told():
    assert errors.SheetUnavailable("x", sent=True).sent
    assert not errors.SheetUnavailable("x").sent
    assert errors.SheetRefused("x", protected=True).protected
