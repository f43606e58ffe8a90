"""Source distributions of the fake index can be read, and built by their own backend."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from packaging.metadata import Metadata
from packaging.utils import parse_sdist_filename

from tests.fakes.index.sdist import make_sdist, sdist_name
from tests.fakes.index.world import describe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.index.release import Release


def unpack(release: Release, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(make_sdist(release))) as archive:
        # Python 3.11.4 and later read the filter, and 3.12 insists on one.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)
    return folder / release.file_stem


def call(source: Path, hook: str, folder: Path) -> str:
    program = f"import sys; sys.path.insert(0, '.'); import build_backend; print(build_backend.{hook}(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, folder], cwd=source, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


def test_the_file_name_is_the_standard_one() -> None:
    assert parse_sdist_filename(sdist_name(describe("Foo.Bar", "1.0"))) == parse_sdist_filename("foo_bar-1.0.tar.gz")


def test_a_description_gives_the_same_bytes_every_time() -> None:
    release = describe("a", "1", sdist=True, requires=["b"])
    assert make_sdist(release) == make_sdist(release)


def test_static_metadata_tells_the_requirements(tmp_path: Path) -> None:
    text = (unpack(describe("a", "1", sdist=True, requires=["b"]), tmp_path) / "PKG-INFO").read_bytes()
    metadata = Metadata.from_email(text)
    assert (metadata.metadata_version, list(map(str, metadata.requires_dist or ()))) == ("2.3", ["b"])


def test_dynamic_metadata_is_old_and_silent(tmp_path: Path) -> None:
    text = (unpack(describe("a", "1", sdist="dynamic", requires=["b"]), tmp_path) / "PKG-INFO").read_text()
    assert "Metadata-Version: 2.1" in text
    assert "Requires-Dist" not in text


@pytest.mark.parametrize("hook", ["build_wheel", "build_editable"])
def test_the_backend_builds_wheels(tmp_path: Path, hook: str) -> None:
    log = tmp_path / "log"
    release = describe("a.b", "1", sdist=True, requires=["c"], scripts={"a": "a_b:main"}, build_log=str(log))
    filename = call(unpack(release, tmp_path), hook, tmp_path)
    with zipfile.ZipFile(tmp_path / filename) as archive:
        assert archive.testzip() is None
        assert b"Requires-Dist: c" in archive.read("a_b-1.dist-info/METADATA")
        assert b"a = a_b:main" in archive.read("a_b-1.dist-info/entry_points.txt")
        content = "a_b/__init__.py" if hook == "build_wheel" else "_a_b_1.pth"
        assert content in archive.namelist()
    assert log.read_text() == f"{hook}\n"


def test_the_backend_prepares_metadata(tmp_path: Path) -> None:
    source = unpack(describe("a", "1", sdist="dynamic-only", requires=["c"]), tmp_path)
    folder = call(source, "prepare_metadata_for_build_wheel", tmp_path / "metadata")
    assert "Requires-Dist: c" in (tmp_path / "metadata" / folder / "METADATA").read_text()


def test_build_requirements_stand_in_the_project_file(tmp_path: Path) -> None:
    source = unpack(describe("a", "1", sdist=True, build_requires=["maker>=2"]), tmp_path)
    assert 'requires = ["maker>=2"]' in (source / "pyproject.toml").read_text()
