"""Provenance: where an installed distribution says that it comes from (PEP 610), held against what the lock says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.url import masked_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.lock.lockfile import LockedPackage, LockedSource

_SCP = late_pattern(r"(?P<host>[\w.-]+@[\w.-]+):(?P<path>(?!//).+)", re.ASCII)
"""How git writes an address of ssh; others want a URL."""

DirectUrl = dict[str, object]
"""What `direct_url.json` holds."""


def difference(
    package: LockedPackage, direct_url: Mapping[str, object] | None, project: Path, *, is_checkout: bool = False
) -> str:
    """Return in what an installed distribution's origin differs from the locked one; nothing when they agree.

    Which index a release came from makes no difference. Relative paths of the lock start at the project. `is_checkout`
    tells whether its modules are those of a checkout: of a repository `direct_url.json` does not say that.
    """
    source = package.source
    if source is None or source.type == "legacy":
        return "" if direct_url is None else f"it came from {_told(direct_url)}, not from an index"
    if direct_url is None:
        return f"it came from an index, not from {masked_url(source.url)}"
    url = str(direct_url.get("url", ""))
    if _kind(direct_url) != _KINDS[source.type] or not _is_same_place(url, _url(source, project)):
        return f"it came from {_told(direct_url)}"
    if str(direct_url.get("subdirectory", "")) != source.subdirectory:
        return "it came from another folder of the same place"
    if source.type == "git" and is_checkout != bool(package.develop):
        return "it was imported from a checkout" if is_checkout else "it was not imported from a checkout"
    return _in_kind(package, source, direct_url)


def direct_url(package: LockedPackage, project: Path) -> DirectUrl | None:
    """Return what `direct_url.json` says of a locked package; None when it comes from an index."""
    source = package.source
    if source is None or source.type == "legacy":
        return None
    value: DirectUrl = {"url": _url(source, project)}
    match source.type:
        case "git":
            vcs: dict[str, str] = {"vcs": "git"}
            if source.reference and source.reference != "HEAD":
                vcs["requested_revision"] = source.reference
            value["vcs_info"] = {**vcs, "commit_id": source.resolved_reference}
        case "directory":
            value["dir_info"] = {"editable": True} if package.develop else {}
        case "file" | "url":
            # The archive is what is locked, also where a wheel was built from it.
            algorithm, _, digest = package.files[0].hash.partition(":") if package.files else ("", "", "")
            hashes = {"hash": f"{algorithm}={digest}", "hashes": {algorithm: digest}}
            value["archive_info"] = hashes if digest else {}
    if source.subdirectory:
        value["subdirectory"] = source.subdirectory
    return value


_KINDS = {"git": "vcs_info", "directory": "dir_info", "file": "archive_info", "url": "archive_info"}


def _kind(value: Mapping[str, object]) -> str:
    return next((key for key in ("vcs_info", "dir_info", "archive_info") if key in value), "")


def _in_kind(package: LockedPackage, source: LockedSource, installed: Mapping[str, object]) -> str:
    match source.type, installed:
        case "git", {"vcs_info": {"commit_id": str(commit)}} if commit != source.resolved_reference:
            return f"it was of the commit {commit[:10]}"
        case "directory", {"dir_info": {"editable": True}} if not package.develop:
            return "it was editable"
        case "directory", {"dir_info": info} if package.develop and info != {"editable": True}:
            return "it was not editable"
        case "file" | "url", {"archive_info": {"hashes": {"sha256": str(digest)}}} if not _is_listed(package, digest):
            return "it came from another archive of that address"
        case _:
            return ""


def _is_listed(package: LockedPackage, digest: str) -> bool:
    known = [file.hash for file in package.files if file.hash.startswith("sha256:")]
    return not known or f"sha256:{digest}" in known


def _url(source: LockedSource, project: Path) -> str:
    if source.type in {"directory", "file"} and "://" not in source.url:
        return Path(os.path.normpath(project / source.url)).as_uri()
    scp = _SCP.fullmatch(source.url) if source.type == "git" else None
    return f"ssh://{scp['host']}/{scp['path'].lstrip('/')}" if scp else masked_url(source.url.partition("#")[0])


def _is_same_place(one: str, other: str) -> bool:
    if one.startswith("file:") and other.startswith("file:"):
        return os.path.normcase(unquote(urlsplit(one).path)) == os.path.normcase(unquote(urlsplit(other).path))
    return _plain(one) == _plain(other)


def _plain(url: str) -> str:
    return url.removeprefix("git+").removesuffix("/").removesuffix(".git")


def _told(value: Mapping[str, object]) -> str:
    return masked_url(str(value.get("url", ""))) or "another place"
