"""The legacy JSON answers about a project and about one release."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from tests.fakes.index.core_metadata import requires_dist

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.index.release import Release
    from tests.fakes.index.world import File, Project

_PACKAGE_TYPES = {"wheel": "bdist_wheel", "sdist": "sdist", "other": "bdist_egg"}


def project_json(project: Project, address: Callable[[File], str], has_metadata: Callable[[File], bool]) -> bytes:
    """Return what the index tells of a project with at least one release."""
    releases: dict[str, list[dict[str, object]]] = {}
    for file in project.files:
        releases.setdefault(file.version, []).append(_file(file, address(file), announced=has_metadata(file)))
    newest = newest_version(list(releases))
    answer = {
        "info": _info(project, newest),
        "last_serial": project.serial,
        "ownership": {"organization": None, "roles": []},
        "releases": releases,
        "urls": releases[newest],
        "vulnerabilities": [],
    }
    return json.dumps(answer).encode()


def published(project: Project, version: str) -> str | None:
    """Return a version as it was published, from any spelling of it."""
    return next((file.version for file in project.files if _same(file.version, version)), None)


def release_json(
    project: Project, exact: str, address: Callable[[File], str], has_metadata: Callable[[File], bool]
) -> bytes:
    """Return what the index tells of one published release."""
    urls = [_file(file, address(file), announced=has_metadata(file)) for file in project.files if file.version == exact]
    answer = {"info": _info(project, exact), "last_serial": project.serial, "urls": urls, "vulnerabilities": []}
    return json.dumps(answer).encode()


def newest_version(versions: list[str]) -> str:
    """Return the version that the index presents first: the newest final one, else the newest."""
    valid = sorted((Version(text), text) for text in versions if _is_valid(text))
    finals = [text for version, text in valid if not version.is_prerelease]
    if finals:
        return finals[-1]
    return valid[-1][1] if valid else versions[-1]


def _info(project: Project, version: str) -> dict[str, object]:
    release = next((one for one in project.releases if one.version == version), None)
    file = next(one for one in project.files if one.version == version)
    return {
        "description": release.description if release else "",
        "name": project.name,
        "provides_extra": (list(release.extras) or None) if release else None,
        "requires_dist": _requires_dist(release) if release else None,
        "requires_python": file.python,
        "summary": release.summary if release else "",
        "version": version,
        "yanked": file.yanked is not False,
        "yanked_reason": file.yanked if isinstance(file.yanked, str) else None,
    }


def _requires_dist(release: Release) -> list[str] | None:
    # The index shows what it read from the first file uploaded; of an sdist that must be built it knows nothing.
    if not release.has_wheels and not release.has_static_sdist:
        return None
    return list(requires_dist(release)) or None


def _file(file: File, url: str, *, announced: bool) -> dict[str, object]:
    moment = file.uploaded.removesuffix("Z").partition(".")[0]
    value: dict[str, object] = {
        "comment_text": None,
        "digests": {
            "blake2b_256": hashlib.blake2b(file.body, digest_size=32).hexdigest(),
            "md5": hashlib.md5(file.body, usedforsecurity=False).hexdigest(),
            "sha256": file.sha256,
        },
        "downloads": -1,
        "filename": file.filename,
        "has_sig": False,
        "packagetype": _PACKAGE_TYPES[file.kind],
        "python_version": _python_version(file),
        "requires_python": file.python,
        "size": file.size,
        "upload_time": moment,
        "upload_time_iso_8601": file.uploaded,
        "url": url,
        "yanked": file.yanked is not False,
        "yanked_reason": file.yanked if isinstance(file.yanked, str) else None,
    }
    if file.kind == "wheel":
        value["core-metadata"] = {"sha256": file.sidecar_sha256} if announced and file.sidecar_sha256 else False
    return value


def _python_version(file: File) -> str:
    return file.filename.split("-")[-3] if file.kind == "wheel" else "source"


def _same(left: str, right: str) -> bool:
    if left == right:
        return True
    return _is_valid(left) and _is_valid(right) and Version(left) == Version(right)


def _is_valid(version: str) -> bool:
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True
