"""Trusted publishing: the identity of a build service is exchanged for a token that lives some minutes.

The service vouches for the job that runs there, by a token made for the repository's audience alone (OpenID Connect).
Both the audience and the exchange are at the repository's own origin.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING
from urllib.parse import quote

from chapbook_core.errors import ChapbookError
from chapbook_core.index.address import Login, masked
from chapbook_core.index.failure import IndexFailure
from chapbook_core.project.secret import Secret
from chapbook_core.publisher.courier import NotJson, json_object
from chapbook_core.publisher.credentials import TOKEN_USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.publisher.courier import Courier
    from chapbook_core.publisher.repository import Repository

FOUND = "trusted publishing"
_REQUEST_URL, _REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_CLAIMS = (
    "iss",
    "sub",
    "repository",
    "repository_owner",
    "job_workflow_ref",
    "workflow_ref",
    "project_path",
    "ci_config_ref_uri",
    "environment",
    "ref",
)
"""What publishers are known by; a person compares these with what the index was told."""
_GOOD = 200


class TrustedPublishingFailed(ChapbookError):
    """The repository gave no token for what the build service says."""


def is_possible(variables: Mapping[str, str]) -> bool:
    """Tell whether this looks like a job of a service that vouches for its jobs."""
    return bool(variables.get(_REQUEST_URL) or variables.get("GITHUB_ACTIONS") == "true" or variables.get("GITLAB_CI"))


def trusted_login(repository: Repository, courier: Courier, variables: Mapping[str, str]) -> Login | None:
    """Return a login by trusted publishing; nothing where repository or service does not know it.

    Raises TrustedPublishingFailed when they know it and it fails.
    """
    audience = _audience(repository, courier)
    if audience is None:
        return None
    identity = _identity(audience, courier, variables)
    if identity is None:
        return None
    return Login(TOKEN_USER, _minted(repository, courier, identity), FOUND)


def _audience(repository: Repository, courier: Courier) -> str | None:
    """Ask the repository whom a token has to be for; a repository that does not answer that knows no tokens."""
    try:
        answer = courier.get_json(f"{repository.origin}/_/oidc/audience")
        audience = json_object(answer).get("audience") if answer.status == _GOOD else None
    except NotJson:
        return None
    return audience if isinstance(audience, str) and audience else None


def _identity(audience: str, courier: Courier, variables: Mapping[str, str]) -> Secret | None:
    """Return the token of the service we run in."""
    given = variables.get(token_variable(audience))
    if given:
        return Secret(given)
    url, bearer = variables.get(_REQUEST_URL), variables.get(_REQUEST_TOKEN)
    if url and bearer:
        return _requested(url, Secret(bearer), audience, courier)
    if variables.get("GITHUB_ACTIONS") == "true":
        raise TrustedPublishingFailed(
            "the job may not ask for an identity token",
            hints=["give it `permissions: id-token: write` in the workflow, or use a token of the index"],
        )
    if variables.get("GITLAB_CI"):
        raise TrustedPublishingFailed(
            f"there is no identity token in `{token_variable(audience)}`",
            hints=[f"declare it in the job, below `id_tokens`, with `aud: {audience}`, or use a token of the index"],
        )
    return None


def token_variable(audience: str) -> str:
    """Return the variable in which services without an address for requests put the token for an audience."""
    return re.sub(r"[^A-Z0-9_]", "_", audience.upper()) + "_ID_TOKEN"


def _requested(url: str, bearer: Secret, audience: str, courier: Courier) -> Secret:
    if not url.startswith("https://") and not _is_loopback(url):
        raise TrustedPublishingFailed(f"`{_REQUEST_URL}` is no https address, so the job's token is not sent there")
    joined = f"{url}{'&' if '?' in url else '?'}audience={quote(audience, safe='')}"
    try:
        answer = courier.get_json(joined, {"Authorization": f"bearer {bearer.reveal()}"})
        value = json_object(answer).get("value") if answer.status == _GOOD else None
    except (IndexFailure, NotJson) as problem:
        raise TrustedPublishingFailed(f"the build service gives no identity token: {problem.message}") from None
    if not isinstance(value, str) or not value:
        raise TrustedPublishingFailed(f"the build service gives no identity token (HTTP {answer.status})")
    return Secret(value)


def _is_loopback(url: str) -> bool:
    return re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])[:/]", url) is not None


def _minted(repository: Repository, courier: Courier, identity: Secret) -> Secret:
    url = f"{repository.origin}/_/oidc/mint-token"
    try:
        answer = courier.post_json(url, {"token": identity.reveal()})
        told = json_object(answer)
    except NotJson as problem:
        raise TrustedPublishingFailed(f"{masked(url)} gives {problem.message}") from None
    token = told.get("token")
    if answer.status == _GOOD and isinstance(token, str) and token:
        return Secret(token)
    hints = ["add this publisher to the project's settings at the index, or correct what stands there"]
    if claims := claims_of(identity):
        hints.append("the build service says of this job: " + ", ".join(f"{key} {value}" for key, value in claims))
    raise TrustedPublishingFailed(f"{masked(url)} gives no token (HTTP {answer.status}){_reasons(told)}", hints=hints)


def _reasons(told: Mapping[str, object]) -> str:
    errors = told.get("errors")
    texts = [str(told["message"])] if isinstance(told.get("message"), str) else []
    texts += [
        f"{error.get('code', 'error')}, {error.get('description', 'without a reason')}"
        for error in (errors if isinstance(errors, list) else ())
        if isinstance(error, dict)
    ]
    return f": {'; '.join(texts)}" if texts else ""


def claims_of(identity: Secret) -> tuple[tuple[str, str], ...]:
    """Return what an identity token says of the job, unverified and without what could be used; for people."""
    parts = identity.reveal().split(".")
    if len(parts) != 3:  # noqa: PLR2004  head, claims and signature
        return ()
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return ()
    if not isinstance(claims, dict):
        return ()
    return tuple((key, str(claims[key])) for key in _CLAIMS if isinstance(claims.get(key), str))
