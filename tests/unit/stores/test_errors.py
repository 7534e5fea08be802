"""Errors of stores are one line with a remedy and belong to the family that faces know how to show."""

from proxyfleet.core.errors import FleetError
from proxyfleet.stores import errors


def test_every_kind_is_a_fleet_error_with_its_own_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.StoreError)]
    assert len({kind.code for kind in kinds}) == len(kinds) > 4
    assert all(issubclass(kind, FleetError) for kind in kinds)
    assert str(errors.StoreClosed()) == "this store is closed; open it again"
