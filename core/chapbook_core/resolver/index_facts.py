"""What an index says, in the solver's values."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.index.dependency import parse_dependency
from chapbook_core.requirements.requirement import Requirement, make_requirement, parse_requirement
from chapbook_core.resolver.dependency import dependencies_of
from chapbook_core.resolver.facts import Dependency, Metadata
from chapbook_core.resolver.versions import Release, Versions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.index.metadata import Metadata as IndexMetadata
    from chapbook_core.index.page_summary import PageSummary
    from chapbook_core.index.policy import Refusal
    from chapbook_core.requirements.origin import Origin


def versions_of(summary: PageSummary, refusals: Iterable[Refusal] = (), origin: Origin | None = None) -> Versions:
    """Return the releases of a page; `refusals` are what the policies of the command rule out."""
    refused = {refusal.reason: refusal.versions for refusal in refusals if refusal.versions}
    return Versions(
        summary.name,
        (
            Release(
                version,
                # Each file may demand another Python; one that fits is enough.
                requires_python=" || ".join(demands),
                yanked=bool(summary.yanked >> place & 1),
                unusable=next((reason for reason, versions in refused.items() if versions >> place & 1), ""),
                origin=origin,
            )
            for place, (version, demands) in enumerate(zip(summary.versions, summary.requires_python, strict=True))
        ),
        missing="" if summary.versions else "has no file that can be used",
    )


def metadata_of(metadata: IndexMetadata) -> Metadata:
    """Return what a release depends on; raises UnreadableDependency."""
    found = [dependency for text in metadata.requires_dist for dependency in _dependencies(text)]
    return Metadata(tuple(found), metadata.requires_python or "")


@lru_cache(maxsize=65536)
def requirement_of(text: str) -> Requirement:
    """Return one line of Requires-Dist as a requirement, repaired where that is needed; raises UnreadableDependency."""
    parts = parse_dependency(text)
    if not parts.note:
        return parse_requirement(text)
    return make_requirement(
        text,
        name=parts.name,
        extras=",".join(parts.extras),
        constraint=parts.specifier,
        url=parts.url,
        marker=parts.marker,
    )


@lru_cache(maxsize=65536)
def _dependencies(text: str) -> tuple[Dependency, ...]:
    return dependencies_of(requirement_of(text))
