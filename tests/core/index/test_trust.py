"""Whose certificates are trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.failure import Untrusted
from chapbook_core.index.trust import Trust, TrustUnreadable, tls_context, trust_from
from tests.fakes.opened import opened

if TYPE_CHECKING:
    from tests.fakes.index import FakeIndex


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"])
def test_the_environments_certificate_authorities_are_trusted(secure: FakeIndex, variable: str) -> None:
    with opened(secure, variables={variable: str(secure.certificate)}) as index:
        assert index.reader.versions("a").summary.versions == ("1.0",)


def test_an_unknown_certificate_is_refused_with_what_to_do(secure: FakeIndex) -> None:
    with opened(secure) as index, pytest.raises(Untrusted, match="its certificate is not trusted") as failure:
        index.reader.versions("a")
    assert "SSL_CERT_FILE" in failure.value.hints[0]


def test_a_certificate_file_that_is_not_there_is_named(secure: FakeIndex) -> None:
    with opened(secure, variables={"PIP_CERT": "/nowhere.pem"}) as index, pytest.raises(Untrusted) as failure:
        index.reader.versions("a")
    assert failure.value.cause == "PIP_CERT names /nowhere.pem: No such file or directory"


def test_the_sharpest_variable_wins_and_without_any_the_system_is_trusted() -> None:
    assert trust_from({"PIP_CERT": "b", "SSL_CERT_FILE": "a"}).authorities == "a"
    assert trust_from({}) == Trust()
    assert tls_context(Trust()).verify_mode.name == "CERT_REQUIRED"


def test_a_client_certificate_that_cannot_be_read_is_named() -> None:
    with pytest.raises(TrustUnreadable, match="the client certificate /nowhere"):
        tls_context(Trust(client_certificate="/nowhere"))
