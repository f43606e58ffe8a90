"""How a requirement is written into a project file: as a standard text, or with the keys of `[tool.poetry]`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.requirements.constraint_text import NoSpecifier
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from chapbook_core.requirements.requirement import UNSTATED
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chapbook_core.project.toml_text import Value
    from chapbook_core.requirements.requirement import Requirement


@frozen
class StandardForm:
    """A text for `[project]` or `[dependency-groups]`, and the keys that only `[tool.poetry]` can add to it."""

    text: str
    keys: Mapping[str, Value]


def standard_form(requirement: Requirement, folder: Path) -> StandardForm:
    """Return the PEP 508 text and what must stand beside it.

    A local path stands beside it, relative to the project: the text could only hold it with all the folders of one
    machine in it. So does a constraint that only Poetry's language can express.
    """
    keys = _keys(requirement, folder)
    if isinstance(requirement.origin, FileOrigin | DirectoryOrigin):
        text = replace(requirement, origin=IndexOrigin()).pep508_text()
        return StandardForm(text, {key: value for key, value in keys.items() if key not in _IN_TEXT})
    additions = {key: value for key, value in keys.items() if key in _ADDITIONS}
    try:
        return StandardForm(requirement.pep508_text(), additions)
    except NoSpecifier:
        # Poetry's `^1 || ^3` has no standard form; the lock follows it all the same.
        text = replace(requirement, constraint=UNSTATED).pep508_text()
        return StandardForm(text, {"version": keys["version"], **additions})


def poetry_value(requirement: Requirement, folder: Path) -> Value:
    """Return what `[tool.poetry.dependencies]` holds: a constraint when that says all, else a table."""
    keys = _keys(requirement, folder)
    return keys["version"] if list(keys) == ["version"] else keys


# What the PEP 508 text says already.
_IN_TEXT = frozenset({"version", "extras", "markers", "optional"})
# What it cannot say.
_ADDITIONS = frozenset({"source", "develop", "allow-prereleases"})


def _keys(requirement: Requirement, folder: Path) -> dict[str, Value]:
    origin = requirement.origin
    keys = _origin_keys(requirement, folder)
    if not isinstance(origin, IndexOrigin) and origin.subdirectory:
        keys["subdirectory"] = origin.subdirectory
    if isinstance(origin, GitOrigin | DirectoryOrigin) and origin.develop:
        keys["develop"] = True
    if requirement.extras:
        keys["extras"] = sorted(requirement.extras)
    if not requirement.marker.is_always:
        keys["markers"] = str(requirement.marker)
    if requirement.allow_prereleases is not None:
        keys["allow-prereleases"] = requirement.allow_prereleases
    if requirement.optional:
        keys["optional"] = True
    if isinstance(origin, IndexOrigin) and origin.source:
        keys["source"] = origin.source
    return keys


def _origin_keys(requirement: Requirement, folder: Path) -> dict[str, Value]:
    match requirement.origin:
        case IndexOrigin():
            return {"version": _constraint_text(requirement)}
        case GitOrigin() as origin:
            references = {"branch": origin.branch, "tag": origin.tag, "rev": origin.revision}
            keys: dict[str, Value] = {"git": origin.url}
            keys |= {key: reference for key, reference in references.items() if reference}
            return keys
        case UrlOrigin(url=url):
            return {"url": url}
        case FileOrigin(path=path) | DirectoryOrigin(path=path):
            return {"path": relative_path(path, folder)}


def _constraint_text(requirement: Requirement) -> str:
    text = requirement.constraint.text.strip()
    # Poetry writes an exact version bare.
    is_exact = text.startswith("==") and "," not in text and "*" not in text and "|" not in text
    return text.lstrip("= ") if is_exact else text or "*"


def relative_path(path: Path, folder: Path) -> str:
    """Return a path as the project file holds it: from the project's folder, with `/` on every platform."""
    absolute = path if path.is_absolute() else folder / path
    try:
        return os.path.relpath(absolute, folder).replace(os.sep, "/")
    except ValueError:
        # Another drive of Windows has no relative path.
        return absolute.as_posix()
