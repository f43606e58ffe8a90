"""What a repository says when it takes no file: its words without markup and secrets, and what they mean."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from html import unescape
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.address import masked
from chapbook_core.pattern import late_pattern
from chapbook_core.project.secret import MASK

if TYPE_CHECKING:
    from chapbook_core.index.address import Login
    from chapbook_core.index.transport import Answer
    from chapbook_core.publisher.repository import Repository

_LONGEST = 600
_HIDDEN = late_pattern(r"<(head|style|script)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TAG = late_pattern(r"<[^>]*>")
_UNAUTHORIZED, _FORBIDDEN, _CONFLICT, _BAD, _TOO_LARGE = 401, 403, 409, 400, 413
_TAKEN = late_pattern(r"already exist|updating asset|cannot be updated|already been taken|same filename", re.IGNORECASE)
_OVERWRITE = late_pattern(r"overwrite artifact|not have permission to overwrite", re.IGNORECASE)
_SHORTEST_SECRET = 4
"""What is shorter may be a part of any word."""


class UploadRefused(ChapbookError):
    """The repository does not take a file."""

    def __init__(self, file: str, repository: Repository, answer: Answer, said: str, hints: list[str]) -> None:
        self.status = answer.status
        words = f": {said}" if said else ""
        super().__init__(f"{repository.shown} refuses `{file}` (HTTP {answer.status}){words}", hints=hints)


class CredentialsRefused(UploadRefused):
    """The repository does not let these credentials publish."""


class OtherFileThere(ChapbookError):
    """A repository has a file of this name, with other content."""

    def __init__(self, file: str, repository: Repository) -> None:
        super().__init__(
            f"{repository.shown} has a `{file}` already, with other content",
            hints=[
                "a version can be published once: raise it with `chapbook version`, build, and publish again",
                "or leave such files out with `--skip-existing`",
            ],
        )


class RedirectRefused(ChapbookError):
    """An upload was answered with the address of another place."""

    def __init__(self, repository: Repository, answer: Answer) -> None:
        to = masked(answer.headers.get("location", "")) or "nowhere"
        super().__init__(
            f"{repository.shown} sends uploads on to {to}, where neither files nor credentials go unasked",
            hints=[
                f"if you trust that address, set it with `chapbook config repositories.{repository.name} URL`",
                "often only a slash at the end is missing",
            ],
        )


def is_duplicate(answer: Answer) -> bool:
    """Tell whether a repository refuses a file because it has one of that name."""
    text = words_of(answer)
    match answer.status:
        case 409:
            return True
        case 400:
            return _TAKEN.search(text) is not None
        case 403:
            return _OVERWRITE.search(text) is not None
        case _:
            return False


def refusal(file: str, repository: Repository, answer: Answer, login: Login | None) -> UploadRefused:
    """Put a refusal into words: which credentials were used, and what to do."""
    said = hidden(words_of(answer), login)
    if answer.status in {_UNAUTHORIZED, _FORBIDDEN}:
        return CredentialsRefused(file, repository, answer, said, _hints(repository, login))
    hints = ["the file is larger than this repository takes"] if answer.status == _TOO_LARGE else []
    if answer.status == 404:  # noqa: PLR2004  HTTP
        hints.append(f"check the address of the repository: `chapbook config repositories.{repository.name}`")
    return UploadRefused(file, repository, answer, said, hints)


def _hints(repository: Repository, login: Login | None) -> list[str]:
    name = repository.name
    token, basic = f"`chapbook config pypi-token.{name} TOKEN`", f"`chapbook config http-basic.{name} USER PASSWORD`"
    if login is None:
        return [f"no credentials were sent; give them with {token} or {basic}, or with `-u` and `-p`"]
    used = f"the credentials sent were those of the user `{login.user}`, from {login.found}"
    if login.user == "__token__":
        return [used, f"check that the token is valid and may publish this project; {token} sets another one"]
    return [used, f"check them, or set others with {basic}; most indexes take tokens only, set with {token}"]


def words_of(answer: Answer) -> str:
    """Return what an answer says, in one line."""
    text = answer.body.decode("utf-8", "replace")
    content_type = answer.headers.get("content-type", "").lower()
    if "json" in content_type:
        text = _in_json(text)
    elif "html" in content_type or text.lstrip()[:1] == "<":
        text = unescape(_TAG.sub(" ", _HIDDEN.sub(" ", text)))
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _in_json(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, dict):
        for key in ("message", "detail", "error", "description", "title"):
            if isinstance(said := value.get(key), str) and said.strip():
                return said
        errors = value.get("errors")
        if isinstance(errors, list):
            return "; ".join(_in_json(json.dumps(error)) if isinstance(error, dict) else str(error) for error in errors)
    return text


def hidden(text: str, login: Login | None) -> str:
    """Return a text of the server without the secret that it was sent."""
    if login is None or len(secret := login.password.reveal()) < _SHORTEST_SECRET:
        return text
    pair = f"{login.user}:{secret}".encode()
    for each in (secret, b64encode(pair).decode(), b64encode(pair).decode().rstrip("=")):
        text = text.replace(each, MASK)
    return text
