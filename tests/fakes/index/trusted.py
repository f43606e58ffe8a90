"""Trusted publishing: an identity token of a build service is exchanged for an upload token."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.index.message import Reply, plain

if TYPE_CHECKING:
    from tests.fakes.index.message import Request
    from tests.fakes.index.upload import Uploads


@dataclass(slots=True)
class TrustedPublishing:
    """Which identities may publish; with none, the index does not know trusted publishing."""

    uploads: Uploads
    audience: str = "fake-index"
    identities: dict[str, str] = field(default_factory=dict)
    """Identity token to the upload token that it is exchanged for."""

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request below `/_/oidc/`."""
        match request.method, request.path:
            case "GET", "/_/oidc/audience" if self.identities:
                return _json(200, {"audience": self.audience})
            case "POST", "/_/oidc/mint-token" if self.identities:
                return self._mint(request.body)
            case _:
                return plain(404, "there is nothing here\n")

    def _mint(self, body: bytes) -> Reply:
        try:
            said = json.loads(body)
        except ValueError:
            return _refused("invalid-payload", "the body is not JSON")
        identity = said.get("token") if isinstance(said, dict) else None
        if not isinstance(identity, str):
            return _refused("invalid-payload", "the body has no token")
        token = self.identities.get(identity)
        if token is None:
            return _refused("invalid-publisher", "no project trusts this publisher")
        # The minted token opens the upload endpoint like any other.
        self.uploads.tokens["__token__"] = token
        return _json(200, {"success": True, "token": token, "expires": 4_102_444_800})


def _refused(code: str, description: str) -> Reply:
    errors = [{"code": code, "description": description}]
    return _json(422, {"message": "the token was not minted", "errors": errors})


def _json(status: int, value: object) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})
