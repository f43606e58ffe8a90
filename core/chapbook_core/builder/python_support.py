"""The Pythons that a package supports: as Requires-Python, as classifiers, as the tag of a wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.constraint import Constraint, parse_constraint
from chapbook_core.requirements.cut import Side
from chapbook_core.value import replace

if TYPE_CHECKING:
    from chapbook_core.project.manifest import Manifest

PREFIX = "Programming Language :: Python"
_CLASSIFIED = ["2.7", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
_RELEASED = ["2.7", *(f"3.{minor}" for minor in range(16))]
_CUTS_OF_ONE_RUN = 2
_UNDECLARED = "~2.7 || >=3.4"
"""What Poetry takes a project for that does not say which Pythons it supports."""


def requires_python(manifest: Manifest) -> str | None:
    """Return the text of Requires-Python, or nothing when every Python will do."""
    if manifest.requires_python not in (None, "*"):
        return manifest.requires_python
    python = manifest.poetry.python
    if python is None or python.is_any:
        return None
    parts = python.text.strip().split(".")
    if all(part.isdecimal() for part in parts) and len(parts) < len(("major", "minor", "patch")):
        # A bare `3.11` means the whole family here, and one version anywhere else.
        python = parse_constraint(f"~{python.text}" if len(parts) > 1 else f"^{parts[0]}.0")
    python = _joined(python)
    if len(python.cuts) > _CUTS_OF_ONE_RUN:
        return _enumerated(python)
    text = python.specifier_text()
    if text.endswith(".*"):
        # Poetry tells a family of Pythons by its bounds.
        numbers = [int(number) for number in text.removeprefix("==").removesuffix(".*").split(".")]
        lower, upper = (".".join(map(str, bound)) for bound in (numbers, [*numbers[:-1], numbers[-1] + 1]))
        return f">={lower},<{upper}"
    return text


def python_classifiers(manifest: Manifest) -> list[str]:
    """Return a classifier for each Python that is supported, in their order."""
    python = _declared(manifest)
    majors = {major: not parse_constraint(f"{major}.*").is_disjoint(python) for major in ("2", "3")}
    found = []
    for major in ("2", "3"):
        found += [major] if majors[major] else []
        found += [minor for minor in _CLASSIFIED if minor.startswith(f"{major}.") and python.allows(minor)]
    return [f"{PREFIX} :: {version}" for version in found]


def python_tag(manifest: Manifest) -> str:
    """Return the first part of the tag of a wheel that runs everywhere."""
    python = _declared(manifest)
    return "py3" if parse_constraint(">=2.0.0,<3.0.0").is_disjoint(python) else "py2.py3"


def _declared(manifest: Manifest) -> Constraint:
    return parse_constraint(_UNDECLARED) if manifest.python.is_any else manifest.python


def _joined(python: Constraint) -> Constraint:
    """Close the holes that leave out pre-releases alone, as between `<4` and `>=4`."""
    first, *rest = python.cuts
    kept = [first]
    for ended, begun in zip(rest[::2], rest[1::2], strict=False):
        if ended.version != begun.version or begun.side is not Side.BEFORE:
            kept += [ended, begun]
    return replace(python, cuts=(*kept, *(rest[-1:] if len(rest) % 2 else [])))


def _enumerated(python: Constraint) -> str:
    """Return a range with holes as Poetry does: from the first version on, without each one in a hole."""
    families = {version: not parse_constraint(f"{version}.*").is_disjoint(python) for version in _RELEASED}
    lowest = next((version for version, is_accepted in families.items() if is_accepted), None)
    if lowest is None:
        return python.specifier_text()
    return ", ".join(
        [f">={lowest}", *(f"!={version}.*" for version, is_accepted in families.items() if not is_accepted)]
    )
