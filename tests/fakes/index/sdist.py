"""Source distributions made in memory, with a backend of their own, so that they build without any network."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING

from tests.fakes.index import core_metadata
from tests.fakes.index.wheel import entry_points_text, wheel_members

if TYPE_CHECKING:
    from tests.fakes.index.release import Release

_MOMENT = 1_580_601_600

_BACKEND = '''\
"""Builds this one project with nothing but the standard library."""

import base64
import hashlib
import os
import zipfile

STEM = {stem!r}
LOG = {log!r}
BUILD_REQUIRES = {build_requires!r}
FOLDER = STEM + ".dist-info"
WHEEL = "Wheel-Version: 1.0\\nGenerator: chapbook-fakes 1\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"


def _called(hook):
    if LOG:
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(hook + "\\n")


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _information():
    members = {{FOLDER + "/METADATA": _read("build_backend/METADATA"), FOLDER + "/WHEEL": WHEEL.encode()}}
    if os.path.exists("build_backend/entry_points.txt"):
        members[FOLDER + "/entry_points.txt"] = _read("build_backend/entry_points.txt")
    return members


def _sources():
    members = {{}}
    for folder, folders, files in os.walk("src"):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            members[os.path.relpath(path, "src").replace(os.sep, "/")] = _read(path)
    return members


def _wheel(wheel_directory, members):
    members.update(_information())
    record = ""
    for path, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        record += "%s,sha256=%s,%d\\n" % (path, digest, len(content))
    members[FOLDER + "/RECORD"] = (record + FOLDER + "/RECORD,,\\n").encode()
    name = STEM + "-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as archive:
        for path, content in members.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 2, 2, 0, 0, 0)), content)
    return name


def get_requires_for_build_wheel(config_settings=None):
    _called("get_requires_for_build_wheel")
    return BUILD_REQUIRES


def get_requires_for_build_editable(config_settings=None):
    _called("get_requires_for_build_editable")
    return BUILD_REQUIRES


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    _called("prepare_metadata_for_build_wheel")
    os.makedirs(os.path.join(metadata_directory, FOLDER))
    for path, content in _information().items():
        with open(os.path.join(metadata_directory, path), "wb") as file:
            file.write(content)
    return FOLDER


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    _called("build_wheel")
    return _wheel(wheel_directory, _sources())


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    _called("build_editable")
    path = (os.path.abspath("src") + "\\n").encode()
    return _wheel(wheel_directory, {{"_" + STEM.replace("-", "_") + ".pth": path}})
'''

_PROJECT = """\
[build-system]
requires = {requires}
build-backend = "build_backend"
backend-path = ["."]
"""


def sdist_name(release: Release) -> str:
    """Return the file name of the release's sdist."""
    return f"{release.file_stem}.tar.gz"


def make_sdist(release: Release) -> bytes:
    """Return the bytes of the release's sdist."""
    members = {"PKG-INFO": core_metadata.package_information(release)}
    members["pyproject.toml"] = _PROJECT.format(requires=json.dumps(list(release.build_requires))).encode()
    members["build_backend/__init__.py"] = _BACKEND.format(
        stem=release.file_stem, log=release.build_log, build_requires=list(release.build_requires)
    ).encode()
    members["build_backend/METADATA"] = core_metadata.metadata(release)
    points = entry_points_text(release)
    if points:
        members["build_backend/entry_points.txt"] = points
    members.update({f"src/{path}": content for path, content in wheel_members(release).items()})
    return pack({f"{release.file_stem}/{path}": content for path, content in members.items()})


def pack(members: dict[str, bytes]) -> bytes:
    """Return a `.tar.gz` of the members, in their order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            member.mtime = _MOMENT
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 1, mtime=0)
