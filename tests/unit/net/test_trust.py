"""Whom we believe: strict unless told otherwise, and a clear word when the file is wrong."""

import ssl

import pytest

from proxyfleet.lab.certificates import Authority
from proxyfleet.net.trust import BadTrust, Trust


def test_proxies_must_prove_who_they_are():
    context = Trust().context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_context_is_made_once():
    trust = Trust()
    assert trust.context() is trust.context()


def test_a_file_replaces_the_systems_authorities():
    authority = Authority()
    context = Trust(str(authority.ca_file)).context()
    assert [dict(part[0] for part in one["subject"])["commonName"] for one in context.get_ca_certs()] == [
        "proxyfleet lab CA"
    ]
    authority.close()


def test_verification_can_be_switched_off():
    context = Trust(verify=False).context()
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_is_none_is_one_clear_line(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadTrust) as problem:
        Trust(str(file)).context()
    assert str(file) in str(problem.value)
    assert "\n" not in str(problem.value)
