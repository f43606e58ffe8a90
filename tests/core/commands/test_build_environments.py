"""What builds need, and where they get it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import installed, put_in, require
from tests.core.commands.source_projects import BACKEND, lib

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(workshop: Path) -> Path:
    return workshop


def test_what_a_build_requires_comes_from_the_index(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("helper", "2.0", requires=["deeper"])
    index.serve("helper", "3.0")
    index.serve("deeper", "1.0")
    lib(project / "lib", "import helper, deeper\n" + BACKEND, requires='["helper<3"]')
    require(project, "lib @ file:lib")

    put_in(chapbook)

    assert ["lib 1.0"] == installed(project)


def test_what_a_build_requires_may_have_to_be_built_too(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    index.serve("helper", "2.0", sdist="dynamic-only", build_log=str(log))
    index.serve("a", "1.0", sdist="only", build_requires=["helper"])
    require(project, "a")

    put_in(chapbook)

    assert ["a 1.0"] == installed(project)
    assert "build_wheel" in log.read_text()


def test_packages_that_need_each_other_to_be_built_are_told(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", sdist="only", build_requires=["b"])
    index.serve("b", "1.0", sdist="only", build_requires=["a"])
    require(project, "a")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "`a` needs `b` needs `a`" in outcome.err
    assert [] == installed(project)


def test_what_a_build_requires_and_nobody_has_is_named(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("helper", "1.0")
    index.serve("a", "1.0", sdist="only", build_requires=["helper>=2", "nowhere"])
    require(project, "a")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "building a 1.0 failed: what its build needs (helper>=2, nowhere) cannot be had" in outcome.err
    assert "Traceback" not in outcome.err


def test_constraints_on_builds_are_obeyed(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("helper", "1.0")
    index.serve("helper", "2.0", files={"helper.py": "raise ImportError('the wrong one')\n"})
    lib(project / "lib", "import helper\n" + BACKEND, requires='["helper"]')
    require(project, "lib @ file:lib", tool='\n[tool.poetry.build-constraints]\nlib = { helper = "<2" }\n')

    put_in(chapbook)

    assert ["lib 1.0"] == installed(project)


def test_builds_that_require_the_same_share_an_environment_also_later(
    project: Path, index: FakeIndex, chapbook: Chapbook, fresh_cache: Path
) -> None:
    index.serve("helper", "1.0")
    for name in ("a", "b"):
        index.serve(name, "1.0", sdist="only", build_requires=["helper"])
    require(project, "a", "b")
    put_in(chapbook)
    (environment,) = (fresh_cache / "build-environments").glob("*/intact")
    before = environment.parent.stat().st_ino

    index.serve("c", "1.0", sdist="only", build_requires=["helper"])
    require(project, "a", "b", "c")
    put_in(chapbook)

    (environment,) = (fresh_cache / "build-environments").glob("*/intact")
    assert before == environment.parent.stat().st_ino


def test_an_environment_that_a_build_has_changed_is_made_anew(
    project: Path, index: FakeIndex, chapbook: Chapbook, fresh_cache: Path
) -> None:
    index.serve("helper", "1.0")
    spoil = "import helper, os\nopen(os.path.join(os.path.dirname(helper.__file__), 'spoiled.py'), 'w').close()\n"
    folder = lib(project / "lib", spoil + BACKEND, requires='["helper"]')
    require(project, "lib @ file:lib")
    put_in(chapbook)
    assert list((fresh_cache / "build-environments").rglob("spoiled.py"))

    (folder / "backend.py").write_text(BACKEND)
    shutil.rmtree(project / ".venv")
    put_in(chapbook)

    assert not list((fresh_cache / "build-environments").rglob("spoiled.py"))


def test_a_build_works_offline_when_its_needs_were_had_before(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("helper", "1.0")
    for name in ("a", "b"):
        index.serve(name, "1.0", sdist="only", build_requires=["helper"])
    require(project, "a")
    put_in(chapbook)
    folder = lib(project / "lib", "import helper\n" + BACKEND, requires='["helper"]')
    require(project, "a", f"lib @ file:{folder.name}")
    asked = sum(index.counts.values()) if hasattr(index.counts, "values") else None

    outcome = chapbook("lock", "--offline")
    assert 0 == outcome.status, outcome.err
    outcome = chapbook("install", "--offline")

    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "lib 1.0"] == installed(project)
    assert asked is None or asked == sum(index.counts.values())
