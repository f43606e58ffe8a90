"""Somebody else's client takes the fake index for a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from tests.fakes.index import FakeIndex, page_faults, reply_faults

if TYPE_CHECKING:
    from pathlib import Path

# A virtual environment of an early Python 3.11 has an older pip.
FIRST_TO_READ_METADATA_FROM_JSON = Version("23.2")

pytestmark = pytest.mark.skipif(find_spec("pip") is None, reason="this environment has no pip")


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_CACHE_DIR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pip", "--no-input", "-q", *arguments],
        capture_output=True,
        check=False,
        env={**kept, **settings, "NO_PROXY": "127.0.0.1"},
        text=True,
        timeout=300,
    )


def download(index: FakeIndex, what: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return pip("download", "--index-url", index.url, "-d", str(folder), *options, what)


@pytest.mark.parametrize("dialect", ["json", "html-bare"])
def test_pip_downloads_a_package_with_what_it_requires(tmp_path: Path, dialect: str) -> None:
    with FakeIndex(dialect=dialect) as index:
        index.serve("a", "1.0", requires=["b<2"], python=">=3.9")
        index.serve("b", "1.5")
        index.serve("b", "2.0")
        done = download(index, "A", tmp_path)
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "a-1.0-py3-none-any.whl",
            "b-1.5-py3-none-any.whl",
        ]
        reads_metadata = dialect == "json" and Version(version("pip")) >= FIRST_TO_READ_METADATA_FROM_JSON
        assert index.counts["metadata"] == (2 if reads_metadata else 0)


def test_pip_builds_an_sdist_with_its_own_backend_and_installs_it(tmp_path: Path) -> None:
    with FakeIndex() as index:
        index.serve("a.b", "1.0", sdist="dynamic-only", files={"a_b.py": "x = 7\n"}, build_log=str(tmp_path / "log"))
        done = pip("install", "--index-url", index.url, "--target", str(tmp_path / "target"), "a-b")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "target" / "a_b.py").read_text() == "x = 7\n"
        assert "build_wheel" in (tmp_path / "log").read_text()


def test_pip_refuses_a_file_whose_hash_is_wrong_and_survives_a_503(tmp_path: Path) -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0", metadata=False)
        index.faults.once("/simple/a/", page_faults.wrong_hash())
        refused = download(index, "a", tmp_path)
        assert refused.returncode == 1
        assert "HASH" in refused.stderr.upper()
        index.faults.once("/simple/a/", reply_faults.status(503, retry_after=0))
        assert download(index, "a", tmp_path).returncode == 0
