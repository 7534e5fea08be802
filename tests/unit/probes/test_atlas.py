"""Where addresses are: by the registries, by files of several makers; what cannot be used is told with its remedy."""

import sys

import pytest
from tests import mmdb

from proxyfleet.core.checks import NOWHERE, Place
from proxyfleet.probes.atlas import BadAtlas, atlas_of


def database(tmp_path, record, name="places.mmdb", **changes):
    return str(mmdb.write(tmp_path / name, {"198.51.100.0/24": record}, **changes))


def test_the_registries_know_countries_and_say_what_their_word_is_worth():
    atlas = atlas_of()
    assert atlas.place("8.8.8.8") == Place("US")
    assert atlas.place("2001:4860::8888").country == "US"
    assert atlas.place("127.0.0.1") == atlas.place("nonsense") == NOWHERE
    assert "not verified" in atlas.name


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({"country": {"iso_code": "DE", "names": {"en": "Germany"}}}, Place("DE")),
        ({"registered_country": {"iso_code": "FR"}}, Place("FR")),
        ({"country_code": "nl"}, Place("NL")),
        ({"country": "US", "asn": "AS64500", "as_name": "Example"}, Place("US", 64500, "Example")),
        ({"autonomous_system_number": 7, "autonomous_system_organization": "n" * 99}, Place(None, 7, "n" * 80)),
        ({"country": "ZZ", "asn": "ASx"}, NOWHERE),
    ],
)
def test_a_file_in_the_spelling_of_several_makers(tmp_path, record, place):
    atlas = atlas_of(database(tmp_path, record))
    assert atlas.place("198.51.100.7") == place
    assert atlas.place("203.0.113.1") == atlas.place("2001:db8::1") == atlas.place("") == NOWHERE
    assert atlas.name == "Test-Country of 2023-11-14"


def test_two_files_make_one_place(tmp_path):
    countries = database(tmp_path, {"country": {"iso_code": "DE"}})
    networks = database(tmp_path, {"autonomous_system_number": 7}, "asn.mmdb", kind="Test-ASN")
    assert atlas_of(countries, networks).place("198.51.100.1") == Place("DE", 7)
    alone = atlas_of("", networks)
    assert alone.place("198.51.100.1").asn == 7
    assert "iptocc" in alone.name


def test_files_that_are_none(tmp_path):
    for file in (tmp_path / "missing.mmdb", tmp_path / "text.mmdb"):
        if file.name == "text.mmdb":
            file.write_text("no database")
        with pytest.raises(BadAtlas, match=r"correct checks\.geo_file"):
            atlas_of(str(file))


def test_without_the_extra_there_is_none_and_a_file_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "iptocc", None)
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    assert atlas_of() is None
    with pytest.raises(BadAtlas, match="pip install"):
        atlas_of(str(tmp_path / "some.mmdb"))
