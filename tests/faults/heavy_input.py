"""Loads: `python -m tests.faults.heavy_input --size 1`.

Pages with 100,000 links, a lock of 5,000 packages, metadata with 50,000 requirements, a wheel with 30,000 members, an
index of 10,000 packages: each is read in a process of its own, whose processor time and memory are told. Nothing may
need more memory than 500 MB, nor grow with more than its size: twice as much may take three times as long, not four.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.index import FakeIndex
from tests.fakes.index.generated import Shape, generated_world, package_name
from tests.fakes.index.wheel import make_wheel
from tests.fakes.index.world import describe

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_MEMORY = 500_000_000
_KILOBYTE = 1 if sys.platform == "darwin" else 1024
_HERE = Path("/somewhere/poetry.lock")


@dataclass(frozen=True)
class Load:
    """What one input has cost."""

    cpu: float
    memory: int


def html_page(count: int) -> Callable[[], object]:
    """Read a page with so many links."""
    links = "".join(
        f'<a href="../alpha-{n}.0.tar.gz#sha256={n:064x}">alpha-{n}.0.tar.gz</a><br/>\n' for n in range(count)
    )
    body = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
    return lambda: _parsed(body, "text/html", count)


def json_page(count: int) -> Callable[[], object]:
    """Read the same as JSON."""
    files = [
        {"filename": f"alpha-{n}.0.tar.gz", "url": f"../alpha-{n}.0.tar.gz", "hashes": {"sha256": f"{n:064x}"}}
        for n in range(count)
    ]
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": "alpha", "files": files}).encode()
    return lambda: _parsed(body, "application/vnd.pypi.simple.v1+json", count)


def _parsed(body: bytes, kind: str, count: int) -> None:
    from chapbook_core.index.page import parse_page

    page = parse_page(body, kind, "https://example.org/simple/alpha/", "alpha")
    assert page.files.of(f"{count - 1}.0")


def metadata(count: int) -> Callable[[], object]:
    """Read metadata with so many requirements."""
    rows = "".join(f'Requires-Dist: beta-{n}>={n % 90}.0; python_version >= "3.{n % 14}"\n' for n in range(count))
    body = f"Metadata-Version: 2.4\nName: alpha\nVersion: 1.0\n{rows}\n".encode()

    def read() -> None:
        from chapbook_core.index.metadata import parse_metadata
        from chapbook_core.requirements.requirement import parse_requirement

        requirements = parse_metadata(body).requires_dist
        assert len(requirements) == count
        for text in requirements:
            parse_requirement(text)

    return read


def lock(count: int) -> Callable[[], object]:
    """Read, select and write a lock with so many packages."""
    from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedFile, LockedPackage
    from chapbook_core.lock.poetry_format import format_lock

    packages = [
        LockedPackage(
            f"alpha-{n:05}",
            f"{n % 70}.0",
            files=(LockedFile(f"alpha_{n:05}-{n % 70}.0-py3-none-any.whl", f"sha256:{n:064x}"),),
            dependencies={f"alpha-{(n * 7 + 1) % count:05}": (LockedDependency(">=0"),)},
            markers={"main": f'python_version >= "3.{9 + n % 5}"'},
        )
        for n in range(count)
    ]
    text = format_lock(Lock(tuple(packages), ">=3.9", "0" * 64, {}))

    def read() -> None:
        from chapbook_core.lock.completeness import lacking
        from chapbook_core.lock.poetry_reader import read_lock
        from chapbook_core.lock.selection import select
        from chapbook_core.requirements.target import Target

        found = read_lock(text, _HERE)
        assert len(select(found, Target("3.13.1").environment(), {"main"}, ())) == count
        assert not lacking(found, (), ())
        assert format_lock(found) == text

    return read


def wheel(count: int) -> Callable[[], object]:
    """Check a wheel with so many members, and unpack it into a store."""
    release = describe("alpha", "1.0", files={f"alpha/m{n // 500}/f{n}.py": b"x = 1\n" for n in range(count)})
    body = make_wheel(release, "py3-none-any")

    def read() -> None:
        from chapbook_core.installer.store import Store

        with tempfile.TemporaryDirectory(prefix="heavy-") as place, Store(Path(place) / "store") as store:
            file = Path(place, "alpha-1.0-py3-none-any.whl")
            file.write_bytes(body)
            assert len(store.add(file, file.name).manifest.files) >= count

    return read


def world(count: int) -> Callable[[], object]:
    """Lock what requires some packages of an index with so many."""

    def read() -> resource.struct_rusage:
        shape = Shape(packages=count, requirements=5, releases=6, description=200)
        with tempfile.TemporaryDirectory(prefix="heavy-") as place, FakeIndex(generated_world(shape)) as index:
            project = Path(place, "project")
            project.mkdir()
            listed = json.dumps([package_name(count - 1 - n) for n in range(count // 20)])
            (project / "pyproject.toml").write_text(
                f'[project]\nname = "here"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = {listed}\n',
                "utf-8",
            )
            told = {"HOME": place, "PIP_INDEX_URL": index.url, "CHAPBOOK_KEYRING_ENABLED": "false"}
            # The index is in this process, and what it takes is not ours.
            words = [sys.executable, "-m", "chapbook_core.cli", "lock", "--quiet"]
            subprocess.run(words, cwd=project, env={**os.environ, **told}, check=True)
        return resource.getrusage(resource.RUSAGE_CHILDREN)

    return read


INPUTS: dict[str, tuple[Callable[[int], Callable[[], object]], int]] = {
    "HTML page, links": (html_page, 100_000),
    "JSON page, files": (json_page, 100_000),
    "metadata, requirements": (metadata, 50_000),
    "lock, packages": (lock, 5_000),
    "wheel, members": (wheel, 30_000),
    "index, packages": (world, 10_000),
}


def load(name: str, count: int) -> Load:
    """Read one input in a copy of this process, which has to succeed; return what that has cost."""
    read = INPUTS[name][0](count)
    (reading, writing) = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            began = time.process_time()
            used = read()
            if isinstance(used, resource.struct_rusage):
                cpu = used.ru_utime + used.ru_stime
            else:
                cpu, used = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF)
            os.write(writing, json.dumps([cpu, used.ru_maxrss * _KILOBYTE]).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as told:
        result = told.read()
    if os.waitpid(child, 0)[1] or not result:
        raise RuntimeError(f"{name} of {count} was not read")
    return Load(*json.loads(result))


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1.0)
    options = parser.parse_args()
    failed = False
    for name, (_make, whole) in INPUTS.items():
        count = int(whole * options.size)
        half, full = load(name, count // 2), load(name, count)
        growth = full.cpu / max(half.cpu, 0.01)
        is_good = full.memory < MOST_MEMORY and growth < 3
        failed |= not is_good
        told = f"{full.cpu:6.2f} s CPU, {full.memory / 1e6:4.0f} MB, {growth:.1f} times the half"
        print(f"{name:24} {count:7}: {told}{'' if is_good else '  TOO MUCH'}", flush=True)  # noqa: T201  its result
    sys.exit(failed)


if __name__ == "__main__":
    main()
