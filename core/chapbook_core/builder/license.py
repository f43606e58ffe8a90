"""The licence of a distribution: its expression or its former name, the classifier of that, and its files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild, FileMissing
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.project.manifest import Manifest

_LIST = Path(__file__).with_name("licenses.txt")
"""A line for each licence of SPDX: its identifier, its name where one licence alone has it, and its classifier."""
_USUAL_FILES = ("COPYING*", "LICEN[SC]E*", "AUTHORS*", "NOTICE*")
_OTHER = "Other/Proprietary License"


@frozen
class License:
    """What metadata says of a licence; by PEP 639 either an expression, or the former name and its classifier."""

    expression: str | None = None
    former: str | None = None
    classifier: str | None = None


def read_license(manifest: Manifest) -> License:
    """Return the licence that a project declares; raises FileMissing."""
    text = manifest.about.license
    if text is None and manifest.about.license_file is not None:
        text = _license_text(manifest.folder, manifest.about.license_file)
    if not text:
        return License()
    if _is_standard(manifest) and (expression := _expression(text)) is not None:
        return License(expression=expression)
    identifier, classifier = _listed().get(text.lower(), (text, _OTHER))
    return License(former=identifier, classifier=f"License :: {classifier}")


def license_files(manifest: Manifest) -> list[str]:
    """Return the licence files, from the project's folder; raises FileMissing."""
    folder, declared = manifest.folder, manifest.about.license_files
    if declared is None:
        found = [path for pattern in _USUAL_FILES for path in folder.glob(pattern)]
        found += (folder / "LICENSES").glob("**/*")
        found += [folder / manifest.about.license_file] if manifest.about.license_file else []
        return sorted({path.relative_to(folder).as_posix() for path in found if path.is_file()})
    names: set[str] = set()
    for pattern in declared:
        try:
            matched = {path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()}
        except (ValueError, NotImplementedError) as problem:
            raise CannotBuild(f"`{pattern}` under `license-files` is no pattern: {problem}") from None
        if not matched:
            raise FileMissing("no licence file is matched by", pattern, reason="under `license-files`")
        names |= matched
    return sorted(names)


def _is_standard(manifest: Manifest) -> bool:
    """Tell whether `[project]` gives the licence as the one string of PEP 639."""
    project = manifest.data.get("project")
    return isinstance(project, dict) and isinstance(project.get("license"), str)


def _expression(text: str) -> str | None:
    # Holds a table of all licences, which a build without an expression does not need.
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return None


def _license_text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text("utf-8")
    except FileNotFoundError:
        raise FileMissing("the licence file", name) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise FileMissing("the licence file", name, reason=f"cannot be read: {problem}") from None


@cache
def _listed() -> dict[str, tuple[str, str]]:
    """Return identifier and classifier by either name in lower case."""
    listed: dict[str, tuple[str, str]] = {}
    for line in _LIST.read_text("utf-8").splitlines():
        identifier, name, classifier = line.split("\t")
        listed[identifier.lower()] = identifier, classifier
        if name:
            listed[name.lower()] = identifier, classifier
    return listed | {"proprietary": ("Proprietary", _OTHER)}
