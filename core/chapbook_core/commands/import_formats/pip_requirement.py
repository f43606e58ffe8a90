"""A requirement in the words of pip, as its files and its command line have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.argument import parse_argument
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.requirements.requirement import Requirement

_EGG = late_pattern(r"[#&]egg=(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<extras>\[[^]]*\])?")
_VARIABLE = late_pattern(r"\$\{[A-Z0-9_]+\}|(?<![\w])\{\w[\w.]*\}")


class NotImportable(ChapbookError):
    """A requirement that means something only where it was written."""


@frozen
class PipRequirement:
    """A requirement, and whether its name was only guessed."""

    requirement: Requirement
    is_name_known: bool


def read_pip_requirement(text: str, folder: Path, *, editable: bool = False) -> PipRequirement:
    """Read a requirement whose relative paths belong to `folder`; raises ChapbookError."""
    if match := _VARIABLE.search(text):
        raise NotImportable(f"`{match[0]}` stands for something that is not in the file", hints=["write it out"])
    egg = _EGG.search(text)
    if egg is not None and " @ " not in text:
        marker = re.search(r"\s;\s*(?P<marker>.*)$", text)
        where = text[: marker.start()] if marker else text
        where = re.sub(r"#&", "#", re.sub(r"(?<=[#&])egg=[^&\s]*&?", "", where)).rstrip("#&")
        text = f"{egg['name']}{egg['extras'] or ''} @ {where}" + (f" ; {marker['marker']}" if marker else "")
    # pip takes a folder or an archive for one even without a `./` before it.
    if editable and not re.match(r"[\w+.-]+://|[\w+]+:|[./~]", text) and " @ " not in text:
        text = f"./{text}"
    requirement = parse_argument(text, folder)
    match requirement.origin:
        case FileOrigin(path=path) | DirectoryOrigin(path=path):
            absolute = folder / path
            if not absolute.exists():
                raise NotImportable(
                    f"there is nothing at `{path}`", hints=["require the package by its name and version instead"]
                )
            origin = replace(requirement.origin, path=absolute.resolve())
            if editable and isinstance(origin, DirectoryOrigin):
                origin = replace(origin, develop=True)
            requirement = replace(requirement, origin=origin)
        case GitOrigin() as git if editable:
            requirement = replace(requirement, origin=replace(git, develop=True))
        case _:
            pass
    return PipRequirement(requirement, requirement.is_name_known)
