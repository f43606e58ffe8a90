"""The ways to name a package after `add`: PEP 508, `name@^1`, an address, a git repository, a path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.name import is_valid_name
from chapbook_core.requirements.origin import (
    ARCHIVE_SUFFIXES,
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    Origin,
    UrlOrigin,
    is_git_address,
    parse_origin,
    path_origin,
)
from chapbook_core.requirements.requirement import Requirement, make_requirement
from chapbook_core.requirements.url import masked_url
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_NAMED = late_pattern(rf"(?P<name>{_NAME})\s*(?:\[(?P<extras>[^]]*)\])?\s*(?P<rest>.*)", re.DOTALL)
_DIRECT = late_pattern(rf"(?P<name>{_NAME})\s*(?:\[(?P<extras>[^]]*)\])?\s*@\s*(?P<where>\S.*)", re.DOTALL)
_MARKER = late_pattern(r"(?P<body>.*?)(?:\s+;|;\s)\s*(?P<marker>.*)", re.DOTALL)
_TRAILING_EXTRAS = late_pattern(r"(?P<where>.+?)\[(?P<extras>[\w.,\s-]*)\]")
_SCHEME = late_pattern(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://|file:", re.IGNORECASE)
_LOOKS_LIKE_PATH = late_pattern(r"(?:\.{1,2}|~)?[/\\]|(?:~|\.{1,2})$|[A-Za-z]:[/\\]")
_SIGNS = ("@", ":", "=")


class InvalidArgument(ChapbookError):
    """Words after `add` that do not name a package."""

    def __init__(self, text: str, reason: str, *, hint: str = "") -> None:
        self.text = masked_url(text)
        super().__init__(f"cannot add `{self.text}`: {masked_url(reason)}", hints=[hint] if hint else [])


def parse_argument(
    text: str, folder: Path, *, exists: Callable[[Path], bool] = Path.exists, home: Path | None = None
) -> Requirement:
    """Read what a person typed; raises InvalidArgument or InvalidRequirement, which echo it.

    Relative paths belong to `folder`, `~` is `home`, and `exists` is asked whether a path leads anywhere. Where no
    version is asked for, the constraint is UNSTATED. The name that an address or a folder only suggests is marked as
    not known.
    """
    text = text.strip()
    if not text:
        raise InvalidArgument(text, "it is empty", hint="write a name, as in `chapbook add requests`")
    if text.startswith("-"):
        raise InvalidArgument(text, "a name does not begin with `-`", hint="put options after the names")
    body, marker = _split_marker(text)
    places = _Places(text, folder, exists, home)
    direct = None if is_git_address(body) else _DIRECT.fullmatch(body)
    if direct and (origin := places.read(direct["where"])) is not None:
        requirement = make_requirement(text, name=direct["name"], extras=direct["extras"] or "", marker=marker)
        return replace(requirement, origin=origin)
    extended = _TRAILING_EXTRAS.fullmatch(body)
    where, extras = (extended["where"], extended["extras"]) if extended else (body, "")
    if (origin := places.read(where)) is not None:
        name, is_known = _suggested_name(text, origin)
        requirement = make_requirement(text, name=name, extras=extras, marker=marker)
        return replace(requirement, origin=origin, is_name_known=is_known)
    return _by_name(text, body, marker)


class _Places:
    """Reads where a package comes from, on behalf of one argument."""

    def __init__(self, text: str, folder: Path, exists: Callable[[Path], bool], home: Path | None) -> None:
        self.text = text
        self.folder = folder
        self.exists = exists
        self.home = home

    def read(self, where: str) -> Origin | None:
        """Return the origin, or nothing when the words are neither an address nor a path."""
        scheme = _SCHEME.match(where)
        if scheme or is_git_address(where):
            return self._address(where, (scheme and scheme["scheme"]) or "")
        if not _LOOKS_LIKE_PATH.match(where) and not where.lower().endswith(ARCHIVE_SUFFIXES) and "/" not in where:
            return None
        return self._path(where)

    def _address(self, where: str, scheme: str) -> Origin:
        if " " in where:
            raise InvalidArgument(self.text, "an address holds no space", hint="separate a marker by ` ; `")
        origin = parse_origin(where)
        match origin:
            case None:
                raise self._unknown_address(where, scheme)
            case UrlOrigin(url=url) if not url.partition("#")[0].partition("?")[0].lower().endswith(ARCHIVE_SUFFIXES):
                raise InvalidArgument(
                    self.text,
                    "the address is neither a wheel nor a source distribution",
                    hint=f"for a git repository write `git+{masked_url(where)}`",
                )
            case FileOrigin(path=path) | DirectoryOrigin(path=path):
                self._check(path)
        return origin

    def _path(self, where: str) -> Origin:
        path, _, fragment = where.partition("#")
        if path == "~" or path.startswith(("~/", "~\\")):
            if self.home is None:
                raise InvalidArgument(self.text, "there is no home folder for `~`", hint="write the whole path")
            place = self.home / path[2:]
        else:
            place = Path(path)
        self._check(place)
        return path_origin(place, fragment.removeprefix("subdirectory=") or None)

    def _check(self, path: Path) -> None:
        if not self.exists(self.folder / path):
            raise InvalidArgument(
                self.text,
                f"there is no `{path}` in `{self.folder}`" if not path.is_absolute() else f"there is no `{path}`",
                hint="a path leads to a wheel, a source distribution or a folder with a `pyproject.toml`",
            )

    def _unknown_address(self, where: str, scheme: str) -> InvalidArgument:
        if scheme.lower().startswith("git"):
            return InvalidArgument(
                self.text,
                f"`{masked_url(where)}` is not the address of a git repository",
                hint="write `git+https://HOST/OWNER/REPOSITORY.git`, `git+ssh://git@HOST/...` or `git+file:///PATH`",
            )
        if scheme.lower() == "ssh":
            return InvalidArgument(self.text, "an `ssh` address needs `git+` before it", hint=f"write `git+{where}`")
        kind = scheme.partition("+")[0].lower()
        if kind in ("hg", "svn", "bzr"):
            return InvalidArgument(self.text, f"`{kind}` repositories are not supported, only git", hint="")
        return InvalidArgument(
            self.text, f"there is no way to fetch `{scheme}://`", hint="use `https://`, `git+https://` or a path"
        )


def _split_marker(text: str) -> tuple[str, str]:
    """Return the words before and after a `;`, which in an address must have a space beside it."""
    if match := _MARKER.fullmatch(text):
        return match["body"].strip(), match["marker"].strip()
    if ";" in text and "://" not in text:
        body, _, marker = text.partition(";")
        return body.strip(), marker.strip()
    return text, ""


def _by_name(text: str, body: str, marker: str) -> Requirement:
    match = _NAMED.fullmatch(body)
    if match is None or (match["extras"] is None and match["rest"].startswith("[")):
        reason, hint = _why_no_name(body)
        raise InvalidArgument(text, reason, hint=hint)
    name, extras, constraint = match["name"], match["extras"] or "", match["rest"].strip()
    for extra in extras.split(","):
        if extra.strip() and not is_valid_name(extra.strip()):
            raise InvalidArgument(text, f"`{extra.strip()}` is not the name of an extra")
    if constraint.startswith(_SIGNS) and not constraint.startswith(("==", "=>", "=<")):
        sign, constraint = constraint[0], constraint[1:].strip()
        if not constraint:
            raise InvalidArgument(
                text, f"no version follows `{sign}`", hint=f"write `{name}@^1.2`, `{name}@latest` or `{name}`"
            )
    if constraint.startswith("(") and constraint.endswith(")"):
        constraint = constraint[1:-1]
    if constraint.lower() == "latest":
        constraint = ""
    return make_requirement(text, name=name, extras=extras, constraint=constraint, marker=marker)


def _why_no_name(body: str) -> tuple[str, str]:
    if "[" in body and "]" not in body:
        return "the bracket of the extras is not closed", "write `NAME[extra]`"
    return "it does not begin with a name", "a name begins and ends with a letter or digit, as in `requests@^2.30`"


def _suggested_name(text: str, origin: Origin) -> tuple[str, bool]:
    """Return the name that a place suggests, and whether it is certain; a file's name tells the distribution's."""
    match origin:
        case FileOrigin(path=path):
            return _name_of_archive(text, path.name)
        case UrlOrigin(url=url):
            return _name_of_archive(text, url.partition("#")[0].partition("?")[0].rpartition("/")[2])
        case GitOrigin(url=url, subdirectory=subdirectory):
            last = re.split(r"[/:\\]", (subdirectory or url).rstrip("/"))[-1]
        case DirectoryOrigin(path=path, subdirectory=subdirectory):
            last = Path(subdirectory or path).name
        case _:
            last = ""
    return _made_a_name(last.removesuffix(".git")), False


def _name_of_archive(text: str, filename: str) -> tuple[str, bool]:
    if filename.lower().endswith(".whl"):
        parts = filename.split("-")
        if len(parts) not in (5, 6) or not is_valid_name(parts[0]):
            raise InvalidArgument(
                text,
                f"`{filename}` is not the name of a wheel",
                hint="a wheel keeps the name it was built with, as in `six-1.16.0-py2.py3-none-any.whl`",
            )
        return parts[0], True
    stem = next(filename[: -len(suffix)] for suffix in ARCHIVE_SUFFIXES if filename.lower().endswith(suffix))
    name, _, version = stem.rpartition("-")
    # An archive that a forge makes of a branch or tag is named as it likes.
    is_sdist = is_valid_name(name) and version[:1].isdigit()
    return (name, True) if is_sdist else (_made_a_name(stem), False)


def _made_a_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-_.") or "unnamed"
