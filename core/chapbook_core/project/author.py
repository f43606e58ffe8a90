"""Who writes the project: as typed, or as git knows them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_AUTHOR = late_pattern(r"(?P<name>[^<>\r\n]*?)\s*(?:<(?P<email>[^<>@\s]+@[^<>@\s]+)>)?")
_GIT_SECONDS = 5
"""Longer than any healthy git takes; a home folder on a hanging network drive must not hang `new`."""


class InvalidAuthor(ChapbookError):
    """A text names nobody."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"`{text}` is not an author",
            hints=["write an author as `Ada Lovelace <ada@example.org>`, or the name alone"],
        )


@frozen
class Author:
    """A name, an address, or both."""

    name: str = ""
    email: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>".strip() if self.email else self.name


def parse_author(text: str) -> Author:
    """Read `Name <address>`; raises InvalidAuthor."""
    match = _AUTHOR.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise InvalidAuthor(text)
    return Author(match["name"], match["email"] or "")


def git_author(folder: Path, variables: Mapping[str, str]) -> Author | None:
    """Return the user that git would write into a commit there, if git is there and knows one."""
    command = ["git", "config", "--get-regexp", r"^user\.(name|email)$"]
    try:
        done = subprocess.run(  # noqa: S603  # a constant command
            command,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # Of values set twice git tells all, and the last one counts.
    pairs = (line.partition(" ") for line in done.stdout.decode(errors="replace").splitlines())
    known = {key.removeprefix("user."): value for key, _, value in pairs}
    try:
        return parse_author(str(Author(known.get("name", ""), known.get("email", ""))))
    except InvalidAuthor:
        return None
