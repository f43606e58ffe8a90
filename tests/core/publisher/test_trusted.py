from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest

from chapbook_core.project.secret import Secret
from chapbook_core.publisher.trusted import (
    TrustedPublishingFailed,
    claims_of,
    is_possible,
    token_variable,
    trusted_login,
)
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.publishing import uploading

if TYPE_CHECKING:
    from collections.abc import Iterator

GITLAB = {"GITLAB_CI": "true", "FAKE_INDEX_ID_TOKEN": "identity"}


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as running:
        running.trusted.identities["identity"] = "minted"
        yield running


def identity_of(**claims: str) -> str:
    return f"h.{urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.s"


def test_a_token_in_a_variable_is_exchanged(index: FakeIndex) -> None:
    with uploading(index) as bench:
        login = trusted_login(bench.repository, bench.courier, GITLAB)
    assert login is not None
    assert (login.user, login.password.reveal(), login.found) == ("__token__", "minted", "trusted publishing")
    assert "minted" not in repr(login)


def test_a_token_is_asked_for_with_the_audience_of_the_repository(index: FakeIndex) -> None:
    variables = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{index.elsewhere}/job?version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer-secret",
    }
    given = json.dumps({"value": "identity"}).encode()
    index.faults.once("/job", reply_faults.replaced(given, "application/json"))
    with uploading(index) as bench:
        login = trusted_login(bench.repository, bench.courier, variables)
    assert login is not None
    assert login.password.reveal() == "minted"
    asked = [request for request in index.requests if request.path.startswith("/job")]
    assert len(asked) == 1


def test_a_repository_that_does_not_know_it_gets_no_identity(index: FakeIndex) -> None:
    index.trusted.identities.clear()
    with uploading(index) as bench:
        assert trusted_login(bench.repository, bench.courier, GITLAB) is None
    assert [request.path for request in index.requests] == ["/_/oidc/audience"]


def test_elsewhere_than_in_a_job_there_is_no_identity(index: FakeIndex) -> None:
    with uploading(index) as bench:
        assert trusted_login(bench.repository, bench.courier, {}) is None
    assert not is_possible({})
    assert is_possible(GITLAB)


def test_a_refusal_says_what_the_index_knows_the_job_by(index: FakeIndex) -> None:
    unknown = identity_of(sub="repo:me/spam:ref", repository="me/spam", jti="private")
    with uploading(index) as bench, pytest.raises(TrustedPublishingFailed) as raised:
        trusted_login(bench.repository, bench.courier, {"FAKE_INDEX_ID_TOKEN": unknown})
    assert "invalid-publisher, no project trusts this publisher" in raised.value.message
    told = " ".join(raised.value.hints)
    assert "repository me/spam" in told
    assert "private" not in told
    assert unknown not in told + raised.value.message


@pytest.mark.parametrize(
    ("variables", "words"),
    [({"GITHUB_ACTIONS": "true"}, "id-token: write"), ({"GITLAB_CI": "true"}, "id_tokens")],
)
def test_a_job_without_an_identity_is_told_how_to_get_one(
    variables: dict[str, str], words: str, index: FakeIndex
) -> None:
    with uploading(index) as bench, pytest.raises(TrustedPublishingFailed) as raised:
        trusted_login(bench.repository, bench.courier, variables)
    assert words in raised.value.hints[0]


def test_the_token_of_the_job_goes_over_https_only(index: FakeIndex) -> None:
    variables = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://example.org/job",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer-secret",
    }
    with uploading(index) as bench, pytest.raises(TrustedPublishingFailed, match="no https address"):
        trusted_login(bench.repository, bench.courier, variables)


def test_what_answers_with_something_else_is_told(index: FakeIndex) -> None:
    index.faults.once("/_/oidc/mint-token", reply_faults.captive_portal())
    with uploading(index) as bench, pytest.raises(TrustedPublishingFailed, match="not JSON"):
        trusted_login(bench.repository, bench.courier, GITLAB)
    index.faults.once("/_/oidc/audience", reply_faults.captive_portal())
    with uploading(index) as bench:
        assert trusted_login(bench.repository, bench.courier, GITLAB) is None


def test_the_variable_is_named_after_the_audience() -> None:
    assert token_variable("fake-index") == "FAKE_INDEX_ID_TOKEN"


@pytest.mark.parametrize("text", ["", "a.b", "a.!!!.c", "a.W10.c"])
def test_what_is_no_token_claims_nothing(text: str) -> None:
    assert claims_of(Secret(text)) == ()
