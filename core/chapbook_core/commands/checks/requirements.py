"""What a project requires."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, UrlOrigin
from chapbook_core.requirements.url import is_whole_url, masked_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject
    from chapbook_core.project.groups import Group


def check(subject: Subject) -> Iterator[Finding]:
    """Look for contradictions, requirements on oneself, former keys, and origins that lead nowhere."""
    yield from _former_keys(subject)
    own = canonical_name(subject.manifest.name) if subject.manifest.name else None
    for group in subject.manifest.groups:
        yield from _contradictions(group)
        yield from _origins(subject, group)
        for requirement in group.requirements:
            if requirement.name == own and not requirement.extras:
                message = f"the project requires itself in the group `{group.pretty_name}`"
                yield Finding(Severity.ERROR, message, (), "take it out, or name the project otherwise")


def _former_keys(subject: Subject) -> Iterator[Finding]:
    for name, value in subject.table("tool", "poetry", "dependencies").items():
        if isinstance(value, dict) and "allows-prereleases" in value:
            place = ("tool", "poetry", "dependencies", name, "allows-prereleases")
            yield Finding(Severity.WARNING, "is a former spelling", place, "write `allow-prereleases`")


def _contradictions(group: Group) -> Iterator[Finding]:
    for one, other in combinations(group.requirements, 2):
        if one.name != other.name or one.in_extras != other.in_extras or one.marker.is_disjoint(other.marker):
            continue
        if one == other:
            message = f"`{one.pretty_name}` is required twice in the group `{group.pretty_name}`"
            yield Finding(Severity.WARNING, message, (), "keep one of the two")
        elif one.constraint.is_disjoint(other.constraint):
            message = f"no version of `{one.pretty_name}` is both `{one.constraint}` and `{other.constraint}`"
            hint = "make the two overlap, or give them markers that exclude each other"
            yield Finding(Severity.ERROR, f"{message}, as the group `{group.pretty_name}` requires", (), hint)


def _origins(subject: Subject, group: Group) -> Iterator[Finding]:
    for requirement in group.requirements:
        match requirement.origin:
            case FileOrigin(path=path) | DirectoryOrigin(path=path):
                if not (subject.folder / path).exists():
                    message = f"`{requirement.pretty_name}` is required from `{path}`, which does not exist"
                    yield Finding(Severity.ERROR, message, (), "correct the path; it is relative to the project")
            case GitOrigin() as origin:
                yield from _repository(requirement.pretty_name, origin)
            case UrlOrigin(url=url) if not is_whole_url(url):
                message = f"`{requirement.pretty_name}` is required from `{masked_url(url)}`, which is not a URL"
                hint = "write it whole, as in `https://example.org/files/six-1.17.0.tar.gz`"
                yield Finding(Severity.ERROR, message, (), hint)
            case _:
                pass


def _repository(name: str, origin: GitOrigin) -> Iterator[Finding]:
    # Few projects require anything of git.
    from chapbook_core.builder.git import GitFailed, require_address

    try:
        require_address(origin)
    except GitFailed as failure:
        message = f"`{name}` is required from `{masked_url(origin.url)}`: {failure.reason}"
        yield Finding(Severity.ERROR, message, (), " ".join(failure.hints) or "correct the spelling")
