"""The METADATA and PKG-INFO texts of a release."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.index.release import Content, Release


def metadata(release: Release) -> bytes:
    """Return the METADATA of the release's wheels."""
    if release.metadata_text is not None:
        return as_bytes(release.metadata_text)
    return _text(release, "2.3", told=True)


def package_information(release: Release) -> bytes:
    """Return the PKG-INFO of the release's sdist: complete when static, silent about requirements otherwise."""
    if release.has_static_sdist:
        return metadata(release)
    return _text(release, "2.1", told=False)


def lie(release: Release) -> bytes:
    """Return a METADATA that contradicts the wheel's about what the release requires."""
    if release.requires:
        return _text(replace(release, requires=()), "2.3", told=True)
    return _text(replace(release, requires=("untrue",)), "2.3", told=True)


def as_bytes(content: Content) -> bytes:
    """Return what a test wrote as text or bytes as bytes."""
    return content.encode() if isinstance(content, str) else content


def _text(release: Release, metadata_version: str, *, told: bool) -> bytes:
    lines = [f"Metadata-Version: {metadata_version}", f"Name: {release.name}", f"Version: {release.version}"]
    if release.summary:
        lines.append(f"Summary: {release.summary}")
    if told:
        if release.python:
            lines.append(f"Requires-Python: {release.python}")
        lines.extend(f"Provides-Extra: {extra}" for extra in release.extras)
        lines.extend(f"Requires-Dist: {requirement}" for requirement in requires_dist(release))
    return ("\n".join(lines) + f"\n\n{release.description}").encode()


def requires_dist(release: Release) -> Iterator[str]:
    """Yield the release's requirements, those of extras with their condition."""
    yield from release.requires
    for extra, requirements in release.extras.items():
        for requirement in requirements:
            yield _in_extra(requirement, extra)


def _in_extra(requirement: str, extra: str) -> str:
    what, _, marker = requirement.partition(";")
    condition = f"({marker.strip()}) and extra == '{extra}'" if marker.strip() else f"extra == '{extra}'"
    return f"{what.strip()} ; {condition}"
