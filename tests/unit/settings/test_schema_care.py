"""Settings of sources and jobs."""

import pytest

from proxyfleet.settings import SettingsError, load
from proxyfleet.settings.schema_care import BASE


@pytest.mark.parametrize(
    ("given", "kept"), [("", ""), ("http://127.0.0.1:9/", "http://127.0.0.1:9"), (" https://a/b/ ", "https://a/b")]
)
def test_a_stand_in_is_an_address_or_nothing(given: str, kept: str) -> None:
    assert BASE.read(given) == kept


@pytest.mark.parametrize("given", ["ftp://a", "a.example", "http://", "http://[x", 7])
def test_what_is_no_address(given: object) -> None:
    with pytest.raises(ValueError, match="http or https address"):
        BASE.read(given)


def test_by_environment_and_refused_with_their_place() -> None:
    environment = {"HOME": "/nowhere", "PROXYFLEET_SOURCES_MOST": "7", "PROXYFLEET_JOBS_RUN": "off"}
    settings = load(environ=environment).settings
    assert (settings.sources.most, settings.jobs.run) == (7, False)
    with pytest.raises(SettingsError, match="PROXYFLEET_SOURCES_TRIES"):
        load(environ={"HOME": "/nowhere", "PROXYFLEET_SOURCES_TRIES": "0"})
