"""Where an exit address is, by databases on this machine; nobody is asked over the network (SPEC C9).

Without a file of the operator's own it is `iptocc`: what the registries of addresses say, that is the country of whoever has
registered an address, which nobody has verified. Libraries are loaded only when somebody asks, and may be missing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proxyfleet.core.checks import NOWHERE, Place
from proxyfleet.core.errors import FleetError

if TYPE_CHECKING:
    from maxminddb import Reader

    from proxyfleet.ports.checks import Atlas

REMEDY: Final = 'pip install "proxyfleet[geo]"'
MISSING: Final = f"the country of exits is not measured; {REMEDY}"
LONGEST: Final = 80
"""Characters of the name of a network."""


class BadAtlas(FleetError):
    """A database of places that the settings name cannot be used."""

    code = "bad_atlas"


def atlas_of(country_file: str = "", asn_file: str = "") -> "Atlas | None":
    """By the operator's files, else by the registries; None where nothing is installed. Blocking. Raises `BadAtlas`."""
    files = [Database(one) for one in (country_file, asn_file) if one]
    if country_file:
        return Atlases(files)
    try:
        return Atlases([Registries(), *files])
    except ImportError:
        return Atlases(files) if files else None


class Atlases:
    """Several, each asked for what those before did not know."""

    def __init__(self, atlases: "Sequence[Atlas]") -> None:
        self._atlases = atlases
        self.name = "; ".join(one.name for one in atlases)

    def place(self, address: str) -> Place:
        """See `ports.checks.Atlas`."""
        found = NOWHERE
        for one in self._atlases:
            told = one.place(address)
            found = Place(found.country or told.country, found.asn or told.asn, found.network or told.network)
        return found


class Registries:
    """Countries as the registries of addresses have them. Raises ImportError."""

    def __init__(self) -> None:
        import iptocc

        self._country = iptocc.country_code
        self.name = f"iptocc {metadata.version('iptocc')} (where addresses are registered; not verified)"

    def place(self, address: str) -> Place:
        """See `ports.checks.Atlas`."""
        try:
            return Place(_country(self._country(address)))
        except ValueError:
            return NOWHERE


class Database:
    """A file in MaxMind's format: countries, networks, or both, in the spellings of several makers. Raises `BadAtlas`."""

    def __init__(self, file: str) -> None:
        self._reader = _opened(file)
        told = self._reader.metadata()
        built = datetime.fromtimestamp(told.build_epoch, UTC)
        self.name = f"{told.database_type} of {built:%Y-%m-%d}"

    def place(self, address: str) -> Place:
        """See `ports.checks.Atlas`."""
        try:
            told = self._reader.get(address)
        except ValueError:  # no address, or IPv6 in a database of IPv4
            return NOWHERE
        return _place(told) if isinstance(told, Mapping) else NOWHERE


def _opened(file: str) -> "Reader":
    try:
        import maxminddb
    except ImportError:
        raise BadAtlas(f"a database of places is named, and nothing is installed that reads it; {REMEDY}") from None
    try:
        return maxminddb.open_database(Path(file).expanduser())
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        cause = getattr(error, "strerror", None) or "it is none in MaxMind's format"
        raise BadAtlas(f"the database of places {file} cannot be read: {cause}; correct checks.geo_file") from None


def _place(told: Mapping[str, object]) -> Place:
    country = told.get("country") or told.get("country_code") or told.get("registered_country")
    if isinstance(country, Mapping):
        country = country.get("iso_code")
    number = told.get("autonomous_system_number") or told.get("asn")
    network = told.get("autonomous_system_organization") or told.get("as_name") or told.get("organization")
    return Place(_country(country), _asn(number), network[:LONGEST] if isinstance(network, str) else "")


def _country(told: object) -> str | None:
    fits = isinstance(told, str) and len(told) == 2 and told.isascii() and told.isalpha() and told.upper() != "ZZ"
    return str(told).upper() if fits else None


def _asn(told: object) -> int | None:
    digits = str(told or "").upper().removeprefix("AS")
    return int(digits) if digits.isascii() and digits.isdigit() and 0 < int(digits) < 2**32 else None
