"""The `[project]` table: what the standards say about a project and what it requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from chapbook_core.requirements.constraint import Constraint, parse_constraint
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.requirements.requirement import Requirement, parse_requirement
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.project.layout import Path
    from chapbook_core.project.reading import Findings, Table

DYNAMIC_FIELDS = frozenset(
    {
        "version",
        "description",
        "readme",
        "requires-python",
        "license",
        "license-files",
        "authors",
        "maintainers",
        "keywords",
        "classifiers",
        "urls",
        "scripts",
        "gui-scripts",
        "entry-points",
        "dependencies",
        "optional-dependencies",
        "import-names",
        "import-namespaces",
    }
)


@frozen
class ProjectTable:
    """What `[project]` declares; everything is empty when there is no such table."""

    name: str | None = None
    version: str | None = None
    python: Constraint | None = None
    dependencies: tuple[Requirement, ...] = ()
    """With those of the extras behind them, each marked with its extra."""
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dynamic: frozenset[str] = frozenset()
    has_dependencies: bool = False
    """Whether `dependencies` is given at all, be it empty."""


def read_project_table(table: Table) -> ProjectTable:
    """Read the requirements and the identity in `[project]`."""
    findings = table.findings
    for path, entry in table.numbered_texts("dynamic"):
        if entry not in DYNAMIC_FIELDS:
            findings.add(path, f"`{entry}` cannot be dynamic")
    python_text = table.text("requires-python")
    python = None
    if python_text is not None:
        python = findings.attempt((*table.path, "requires-python"), parse_constraint, python_text)
    dependencies = list(read_requirements(table, "dependencies"))
    extras: dict[str, tuple[str, ...]] = {}
    optional = table.subtable("optional-dependencies")
    for pretty in optional.names():
        extra = _checked_extra(pretty, (*optional.path, pretty), findings, extras)
        if extra is None:
            continue
        requirements = read_requirements(optional, pretty)
        extras[extra] = tuple(dict.fromkeys(requirement.pretty_name for requirement in requirements))
        dependencies += [
            replace(requirement, optional=True, in_extras=frozenset({extra})) for requirement in requirements
        ]
    return ProjectTable(
        name=checked_project_name(table),
        version=checked_version(table),
        python=python,
        dependencies=tuple(dependencies),
        extras=extras,
        dynamic=frozenset(table.texts("dynamic")),
        has_dependencies="dependencies" in table,
    )


def read_requirements(table: Table, key: str) -> tuple[Requirement, ...]:
    """Return an array of PEP 508 requirements; the wrong ones are noted and left out."""
    texts = table.numbered_texts(key)
    found = (table.findings.attempt(path, parse_requirement, text) for path, text in texts)
    return tuple(requirement for requirement in found if requirement is not None)


def checked_project_name(table: Table) -> str | None:
    """Return the name that a table gives the project, noting an impossible one."""
    name = table.text("name")
    if name is not None and not is_valid_name(name):
        hint = "a name has letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit"
        table.findings.add((*table.path, "name"), f"`{name}` is not a valid name", hint)
    return name


def checked_version(table: Table) -> str | None:
    """Return the version that a table gives the project, noting an impossible one."""
    version = table.text("version")
    if version is not None:
        try:
            Version(version)
        except ValueError:
            # InvalidVersion is one, and so is what Python says of a number with thousands of digits.
            hint = "write it like `1.2.3`, `1.0a1` or `1.0.dev2`"
            table.findings.add((*table.path, "version"), f"`{version}` is not a valid version", hint)
    return version


def _checked_extra(pretty: str, path: Path, findings: Findings, known: Mapping[str, object]) -> str | None:
    """Return the normalised name of an extra, or None when it is invalid or another spelling of a known one."""
    if not is_valid_name(pretty):
        findings.add(path, f"`{pretty}` is not a valid name for an extra", "use letters, digits, `-`, `_` and `.`")
        return None
    name = canonical_name(pretty)
    if name in known:
        findings.add(path, f"the extra `{name}` is there twice, in two spellings", "merge the two")
        return None
    return name
