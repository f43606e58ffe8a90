"""`~/.pypirc`: where other publishers keep repositories and logins; asked for what no setting of ours tells.

Poetry and uv do not read it, twine, flit and hatch do: whoever comes from these has said everything there already. It
is read in the person's home folder alone, and a password in it is sent to nobody but the host of its own section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.address import Login
from chapbook_core.project.secret import Secret
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

FILE = ".pypirc"
_GENERAL = frozenset({"distutils", "server-login"})
_LARGEST = 1_000_000


class PypircUnreadable(ChapbookError):
    """The file is there, and nobody can make sense of it."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"`{file}` cannot be read: {reason}",
            hints=["correct it, or tell Chapbook itself with `chapbook config repositories.NAME URL`"],
        )


@frozen
class Section:
    """What the file says of one repository."""

    name: str
    url: str
    """Empty when it is the public index, or one that stands beside it."""
    login: Login | None


def find_section(home: Path, name: str) -> Section | None:
    """Return what the file says of a repository; None when it says nothing. Raises PypircUnreadable."""
    file = home / FILE
    try:
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            text = stream.read(_LARGEST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as cause:
        raise PypircUnreadable(file, str(cause)) from cause
    # Hardly anybody has such a file.
    from configparser import Error, RawConfigParser

    parser = RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except Error as cause:
        # What is wrong may stand beside a password.
        raise PypircUnreadable(file, f"it is no INI file ({type(cause).__name__})") from None
    section = next((one for one in parser.sections() if one.lower() == name.lower()), None)
    if section is None or section in _GENERAL:
        return None
    values = parser[section]
    user, password = values.get("username", "").strip(), values.get("password", "").strip()
    login = Login(user, Secret(password), f"the section [{section}] of `{file}`") if user and password else None
    return Section(section, values.get("repository", "").strip(), login)
