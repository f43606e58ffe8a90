"""The manifest, against poetry-core's own reading of the corpus."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from poetry.core.factory import Factory
from poetry.core.packages.vcs_dependency import VCSDependency

from chapbook_core.project.manifest import read_manifest
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import ALWAYS, parse_marker
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin

if TYPE_CHECKING:
    from poetry.core.packages.dependency import Dependency

    from chapbook_core.requirements.requirement import Requirement

FOLDER = Path(__file__).parents[2] / "data" / "projects"
FILES = sorted(file for file in FOLDER.glob("*.toml") if file.stem != "expected_hashes")
SOURCE_TYPES = {IndexOrigin: None, GitOrigin: "git", UrlOrigin: "url", FileOrigin: "file", DirectoryOrigin: "directory"}


def theirs(dependency: Dependency) -> tuple[object, ...]:
    marker = str(dependency.marker)
    return (
        dependency.name,
        # The version in the name of a wheel is a constraint there, and here none, as every file says its own version.
        parse_constraint(str(dependency.constraint)) if dependency.source_type is None else None,
        parse_marker(marker) if marker else ALWAYS,
        frozenset(dependency.features),
        dependency.source_type,
        dependency.source_name,
        dependency.is_optional(),
        frozenset(dependency.in_extras),
        (dependency.reference, dependency.directory, dependency.develop)
        if isinstance(dependency, VCSDependency)
        else None,
        dependency.source_type == "directory" and getattr(dependency, "develop", False),
    )


def ours(requirement: Requirement) -> tuple[object, ...]:
    origin = requirement.origin
    return (
        requirement.name,
        requirement.constraint if isinstance(origin, IndexOrigin) else None,
        requirement.marker,
        requirement.extras,
        SOURCE_TYPES[type(origin)],
        origin.source if isinstance(origin, IndexOrigin) else None,
        requirement.optional,
        requirement.in_extras,
        (origin.reference or "", origin.subdirectory, origin.develop) if isinstance(origin, GitOrigin) else None,
        isinstance(origin, DirectoryOrigin) and origin.develop,
    )


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_groups_and_what_is_built_are_what_poetry_core_reads(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "pyproject.toml")
    # Poetry takes a path for an archive when the file is there.
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "a_wheel-1.0-py3-none-any.whl").touch()
    package = Factory().create_poetry(tmp_path).package
    manifest = read_manifest(tmp_path)

    names = {group.name for group in manifest.groups}
    assert names == {"main", *package.dependency_group_names(include_optional=True)}
    for group in manifest.groups:
        if group.name == "main" and not package.has_dependency_group("main"):
            assert group.requirements == ()
            continue
        expected = package.dependency_group(group.name)
        assert [ours(one) for one in group.requirements] == [theirs(one) for one in expected.dependencies_for_locking]
        assert group.optional == expected.is_optional()
    assert [ours(one) for one in manifest.built_requirements] == [theirs(one) for one in package.requires]


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_what_a_project_says_of_itself_is_what_poetry_core_reads(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "pyproject.toml")
    package = Factory().create_poetry(tmp_path).package
    manifest = read_manifest(tmp_path)

    assert manifest.python_text == package.python_versions
    if manifest.python_text != "*":
        # For `*`, poetry-core names the versions it knows.
        assert manifest.python == parse_constraint(str(package.python_constraint))
    assert set(manifest.extras) == set(package.extras)
    assert (manifest.name or "non-package-mode") == package.pretty_name
    assert (manifest.version or "0") == package.pretty_version
    assert manifest.description == package.description
    assert manifest.about.keywords == tuple(package.keywords)
    assert [tmp_path / name for name in manifest.readme] == list(package.readmes)
    assert manifest.scripts == package.entry_points.get("console-scripts", {})
    assert manifest.about.gui_scripts == package.entry_points.get("gui-scripts", {})
    assert [person.name or person.email for person in manifest.about.authors] == [
        author.partition(" <")[0] for author in package.authors
    ]
