"""Editable: a project whose modules are imported from its own folder, put in without building it.

A `.pth` file names the folders, and a dist-info folder tells what pip and others want to know: name, version, scripts,
entry points, requirements.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.installer.launcher import script_file
from chapbook_core.installer.record import Row, base64_digest, record_text
from chapbook_core.installer.script import parse_entry_points
from chapbook_core.installer.spare import INSTALLER
from chapbook_core.requirements.marker import ALWAYS, parse_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from chapbook_core.environment.site_packages import Distribution
    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.requirement import Requirement

# Some tools take a distribution without this file for a broken one.
_WHEEL = b"Wheel-Version: 1.0\nGenerator: chapbook\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
BUILT_FROM = "built_from.json"
"""Of a dist-info folder: what an editable project was built from, so that it is built anew when that changes."""
_NOTES = ("METADATA", "entry_points.txt", "direct_url.json", BUILT_FROM)


def built_from(key: str) -> bytes:
    """Return the content of that file."""
    return json.dumps({"key": key}).encode()


@frozen
class EditableArrival:
    """A project on its way into an environment."""

    manifest: Manifest
    """Has a name and a version."""
    paths: InstallPaths
    built_from: str = ""
    """What a build script was run for; empty when there is none."""
    hook: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files for the folder of packages by their names there, which find modules that are in no `.py` file."""
    origin: Mapping[str, object] | None = field(default=None, repr=False)
    """Where the folder of the project came from, as `direct_url.json` has it, if it is somebody else's."""

    @property
    def name(self) -> str:
        """The normalised name."""
        return canonical_name(self.manifest.name or "")

    @property
    def version(self) -> str:
        """The version, in normal form."""
        return self._version

    @cached_property
    def _version(self) -> str:
        # A start that has nothing to put in needs no versions.
        from packaging.version import InvalidVersion, Version

        text = self.manifest.version or "0"
        try:
            return str(Version(text))
        except InvalidVersion:
            return text

    @property
    def dist_info(self) -> str:
        """Where the dist-info folder belongs, below the environment."""
        return f"{self.paths.purelib}/{self.name.replace('-', '_')}-{self.version}.dist-info"

    def is_there(self, installed: Distribution | None) -> bool:
        """Tell whether an installed distribution is this one, with everything it tells of itself."""
        folder = self.paths.root / self.dist_info
        # The environment may be reached over a link.
        if installed is None or os.path.realpath(installed.folder) != os.fspath(folder):
            return False
        files = self._files()
        hook = (f"{self.paths.purelib}/{name}" for name in self.hook)
        return all(
            _content(self.paths.root / path) == files.get(path)
            for path in (*(f"{self.dist_info}/{name}" for name in _NOTES), self._pth, *hook, *self._scripts())
        )

    def lay(self, folder: Path) -> tuple[str, ...]:
        """Put its files below a folder as they are to lie below the environment; return their paths."""
        files = self._files()
        scripts = self._scripts()
        rows = [
            Row(self._relative(path), f"sha256={base64_digest(hashlib.sha256(content).digest())}", str(len(content)))
            for path, content in files.items()
        ]
        record = f"{self.dist_info}/RECORD"
        files[record] = record_text([*rows, Row(self._relative(record))])
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as stream:
                stream.write(content)
            if path in scripts:
                target.chmod(0o755)
        return tuple(files)

    @property
    def _pth(self) -> str:
        return f"{self.paths.purelib}/{self.name.replace('-', '_')}.pth"

    def _files(self) -> dict[str, bytes]:
        return dict(sorted(self._all_files()))

    def _all_files(self) -> Iterator[tuple[str, bytes]]:
        points = entry_points_text(self.manifest)
        yield self._pth, "".join(f"{folder}\n" for folder in self._folders()).encode()
        yield from ((f"{self.paths.purelib}/{name}", content) for name, content in self.hook.items())
        yield f"{self.dist_info}/METADATA", metadata_text(self.manifest, self.version).encode()
        yield f"{self.dist_info}/WHEEL", _WHEEL
        yield f"{self.dist_info}/INSTALLER", INSTALLER
        direct_url = self.origin or {"url": self.manifest.folder.as_uri(), "dir_info": {"editable": True}}
        yield f"{self.dist_info}/direct_url.json", json.dumps(direct_url).encode()
        if self.built_from:
            yield f"{self.dist_info}/{BUILT_FROM}", built_from(self.built_from)
        if points:
            yield f"{self.dist_info}/entry_points.txt", points.encode()
        yield from self._scripts().items()

    def _scripts(self) -> dict[str, bytes]:
        made = (
            script_file(script, self.paths) for script in parse_entry_points(entry_points_text(self.manifest).encode())
        )
        return {f"{self.paths.scripts}/{name}": content for name, content in made}

    def _folders(self) -> list[str]:
        """Return the folders that the project's modules are imported from."""
        folder = self.manifest.folder
        packages = self.manifest.poetry.packages
        if packages:
            sources = [os.path.normpath(folder / (package.source or "")) for package in packages]
        else:
            module = self.name.replace("-", "_")
            src = folder / "src"
            is_in_src = (src / module).is_dir() or (src / f"{module}.py").is_file()
            is_beside = (folder / module).is_dir() or (folder / f"{module}.py").is_file()
            sources = [str(src) if is_in_src or (src.is_dir() and not is_beside) else str(folder)]
        return list(dict.fromkeys(sources))

    def _relative(self, path: str) -> str:
        return posixpath.relpath(path, self.paths.purelib)


def metadata_text(manifest: Manifest, version: str) -> str:
    """Return the `METADATA` of a project, without its long description."""
    lines = ["Metadata-Version: 2.3", f"Name: {manifest.name}", f"Version: {version}"]
    if manifest.description:
        lines.append(f"Summary: {' '.join(manifest.description.split())}")
    if manifest.requires_python:
        lines.append(f"Requires-Python: {manifest.requires_python}")
    lines += [f"Provides-Extra: {extra}" for extra in manifest.extras]
    for requirement in manifest.built_requirements:
        for marker in _extra_markers(requirement):
            text = replace(requirement, marker=requirement.marker & marker).pep508_text()
            lines.append(f"Requires-Dist: {text}")
    return "\n".join(lines) + "\n"


def entry_points_text(manifest: Manifest) -> str:
    """Return the `entry_points.txt` of a project; nothing when it has none."""
    about = manifest.about
    groups: dict[str, Mapping[str, str]] = {
        "console_scripts": about.scripts,
        "gui_scripts": about.gui_scripts,
        **about.entry_points,
    }
    return "\n".join(
        f"[{group}]\n" + "".join(f"{name}={value}\n" for name, value in sorted(points.items()))
        for group, points in sorted(groups.items())
        if points
    )


def _extra_markers(requirement: Requirement) -> list[Marker]:
    return [parse_marker(f'extra == "{extra}"') for extra in sorted(requirement.in_extras)] or [ALWAYS]


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
