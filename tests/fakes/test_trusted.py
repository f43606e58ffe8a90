"""Identity tokens are exchanged for upload tokens."""

from __future__ import annotations

import json
from typing import cast

import pytest

from tests.fakes.asking import Answer, ask
from tests.fakes.index import FakeIndex
from tests.fakes.test_login import basic
from tests.fakes.test_upload import upload


def mint(index: FakeIndex, said: object) -> Answer:
    return ask(f"{index.origin}/_/oidc/mint-token", method="POST", body=json.dumps(said).encode())


def test_an_index_without_identities_does_not_know_trusted_publishing() -> None:
    with FakeIndex() as index:
        assert ask(f"{index.origin}/_/oidc/audience").status == 404
        assert mint(index, {"token": "identity"}).status == 404


def test_a_known_identity_gets_a_token_that_uploads() -> None:
    with FakeIndex() as index:
        index.uploads.tokens["someone"] = "else"
        index.trusted.identities["identity"] = "minted"
        assert ask(f"{index.origin}/_/oidc/audience").json == {"audience": "fake-index"}
        assert upload(index, headers=basic("__token__", "minted")).status == 403
        answer = mint(index, {"token": "identity"})
        assert (answer.status, answer.json["token"]) == (200, "minted")
        assert upload(index, headers=basic("__token__", "minted")).status == 200


@pytest.mark.parametrize(
    ("said", "code"),
    [({"token": "unknown"}, "invalid-publisher"), ({}, "invalid-payload"), ([], "invalid-payload")],
)
def test_other_identities_are_refused_with_a_reason(said: object, code: str) -> None:
    with FakeIndex() as index:
        index.trusted.identities["identity"] = "minted"
        answer = mint(index, said)
        assert answer.status == 422
        assert cast("list[dict[str, str]]", answer.json["errors"])[0]["code"] == code
