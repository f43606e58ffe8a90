"""The look at files before the first byte is sent: everything that an index would refuse, found at home."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from chapbook_core.project.classifiers import PRIVATE, classifier_problem, first_part
from chapbook_core.publisher.contents import check_contents
from chapbook_core.publisher.long_description import try_rendering
from chapbook_core.publisher.page import Presence, compared
from chapbook_core.publisher.problem import Problem
from chapbook_core.requirements.name import canonical_name, is_valid_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chapbook_core.publisher.package_file import PackageFile

METADATA_VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
USUAL_LIMIT = 100_000_000
"""Bytes of a file that the public index takes of a project without special leave."""
_LONGEST_SUMMARY = 512
_SDIST_ENDINGS = (".tar.gz", ".zip")


def check_files(files: Sequence[PackageFile], *, is_public: bool) -> Iterator[Problem]:
    """Look at files one by one, and at what they have in common."""
    for file in files:
        yield from _name(file)
        yield from _metadata(file)
        yield from _description(file)
        yield from _classifiers(file, is_public=is_public)
        yield from _size(file)
        yield from check_contents(file)
        if is_public:
            yield from _rules_of_the_public_index(file)
    sdists = [file.path.name for file in files if file.kind == "sdist"]
    if len(sdists) > 1:
        yield Problem(sdists[1], f"a release has one source distribution, and there is `{sdists[0]}` too", "remove one")


def check_presence(
    files: Sequence[PackageFile], there: Mapping[str, Mapping[str, str]], *, skip_existing: bool
) -> Iterator[Problem]:
    """Look for names that a repository has given to other files."""
    for file in files:
        hashes = there.get(file.path.name)
        if hashes is not None and not skip_existing and compared(hashes, file) is Presence.OTHER:
            hint = (
                "raise the version with `chapbook version` and build again, or leave such files out: `--skip-existing`"
            )
            yield Problem(file.path.name, "the repository has a file of that name already, with other content", hint)


def _name(file: PackageFile) -> Iterator[Problem]:
    name = file.path.name
    hint = "run `chapbook build` to make it anew"
    if not is_valid_name(file.name):
        yield Problem(name, f"`{file.name}` is not a valid name", "correct `name` in pyproject.toml")
    try:
        version = Version(file.version)
    except InvalidVersion:
        yield Problem(name, f"`{file.version}` is not a valid version", "correct `version` in pyproject.toml")
        return
    if file.kind == "bdist_wheel":
        named, written = name.split("-")[:2]
    else:
        ending = next((ending for ending in _SDIST_ENDINGS if name.endswith(ending)), None)
        if ending is None:
            yield Problem(name, "source distributions are `.tar.gz` files", hint)
            return
        named, _, written = name.removesuffix(ending).rpartition("-")
    if canonical_name(named) != canonical_name(file.name) or not _is_version(written, version):
        yield Problem(name, f"its metadata is that of {file.name} {file.version}", hint)
    elif not re.fullmatch(r"[A-Za-z0-9._]+", named) and file.kind == "sdist":
        yield Problem(name, "its name has dashes where underscores belong", hint, is_fatal=False)


def _is_version(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


def _metadata(file: PackageFile) -> Iterator[Problem]:
    name = file.path.name
    told = file.text("metadata_version")
    if told not in METADATA_VERSIONS:
        hint = f"known are {', '.join(METADATA_VERSIONS)}"
        yield Problem(name, f"its metadata is of version `{told}`, which no index knows", hint)
    summary = file.text("summary")
    if "\n" in summary or len(summary) > _LONGEST_SUMMARY:
        hint = "shorten `description` in pyproject.toml"
        yield Problem(name, f"its summary is longer than a line of {_LONGEST_SUMMARY} characters", hint)
    if file.text("license") and file.text("license_expression"):
        yield Problem(name, "it has both a license expression and the older license field", "drop one of them")
    for requirement in file.texts("requires_dist"):
        try:
            Requirement(requirement)
        except InvalidRequirement:
            yield Problem(name, f"`{requirement}` is not a valid requirement", "correct it in pyproject.toml")
    for header in file.unread:
        yield Problem(name, f"the header `{header}` of its metadata means nothing", is_fatal=False)


def _description(file: PackageFile) -> Iterator[Problem]:
    text, content_type = file.text("description"), file.text("description_content_type")
    if not text.strip():
        hint = "name a README file as `readme` in pyproject.toml"
        yield Problem(file.path.name, "there is no long description", hint, is_fatal=False)
        return
    rendering = try_rendering(text, content_type)
    if rendering.mistake:
        yield Problem(file.path.name, rendering.mistake, "correct the file that `readme` names, or its content type")
    elif not content_type:
        hint = "give the README an ending that says what it is, such as `.md`"
        yield Problem(file.path.name, "its long description will be taken for reStructuredText", hint, is_fatal=False)


def _classifiers(file: PackageFile, *, is_public: bool) -> Iterator[Problem]:
    for classifier in file.texts("classifiers"):
        if is_public and first_part(classifier) == PRIVATE:
            hint = "name a repository of your own with `--repository`, or drop the classifier"
            yield Problem(file.path.name, f"`{classifier}` keeps it off the public index", hint)
        problem = classifier_problem(classifier)
        if problem is not None:
            yield Problem(file.path.name, problem.message, problem.hint, is_fatal=problem.is_refused)


def _size(file: PackageFile) -> Iterator[Problem]:
    if file.size == 0:
        yield Problem(file.path.name, "it is empty", "run `chapbook build` to make it anew")
    elif file.size > USUAL_LIMIT:
        message = f"{file.size / 1_000_000:.0f} MB are more than indexes usually take"
        yield Problem(file.path.name, message, "leave out what need not be in it", is_fatal=False)


def _rules_of_the_public_index(file: PackageFile) -> Iterator[Problem]:
    name = file.path.name
    if "+" in file.version:
        hint = "build without `--local-version`, or publish to another repository"
        yield Problem(name, f"the public index takes no local versions like `{file.version}`", hint)
    for requirement in file.texts("requires_dist"):
        if re.match(r"\s*[A-Za-z0-9._-]+\s*(\[[^\]]*\])?\s*@", requirement):
            hint = "require a version instead; what only developers need belongs into a group"
            yield Problem(name, f"the public index takes no requirement with an address: `{requirement}`", hint)
    if file.kind == "bdist_wheel" and re.search(r"-linux_\w+\.whl$", name):
        hint = "repair the wheel with `auditwheel`, or publish the source distribution alone"
        yield Problem(name, "the public index takes no wheels for `linux`, only for `manylinux` or `musllinux`", hint)
