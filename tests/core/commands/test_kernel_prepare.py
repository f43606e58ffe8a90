from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.kernel_start import KernelStart, KernelStarts, KernelWants, read_start
from chapbook_core.environment.site_packages import scan_site_packages
from tests.core.commands.installing import require
from tests.core.commands.source_projects import BACKEND, EDITABLE, told_lib
from tests.fakes.index import reply_faults

if TYPE_CHECKING:
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("ipykernel", "7.0", requires=["ipython>=9", "traitlets>=5"])
    index.serve("ipykernel", "6.0", requires=["ipython>=7", "traitlets>=4.1"])
    index.serve("ipython", "9.0", requires=["traitlets>=5"])
    index.serve("ipython", "7.34", requires=["traitlets>=4.2"])
    for version in ("5.1", "4.3", "4.0"):
        index.serve("traitlets", version)
    index.serve("six", "1.0")
    return index


@pytest.fixture
def project(equipped: Path, cache: Path) -> Path:
    # Those of other tests were resolved with other indexes.
    shutil.rmtree(cache / "kernels", ignore_errors=True)
    return equipped


def prepare(chapbook: Chapbook, *words: str) -> KernelStart:
    outcome = chapbook("kernel", "prepare", "--format", "json", *words)
    assert outcome.status == 0, outcome.err
    return read_start(json.loads(outcome.out)["start"])


def packages(folder: Path | str) -> dict[str, str]:
    return {found.name: found.version for found in scan_site_packages(Path(folder))}


def starts(project: Path, wants: KernelWants | None = None) -> KernelStarts:
    return KernelStarts(project.resolve(), wants or KernelWants(), dict(os.environ), Path.home())


def test_what_a_kernel_needs_is_put_beside_the_environment_and_not_into_it(project: Path, chapbook: Chapbook) -> None:
    require(project, "six")
    start = prepare(chapbook)
    assert packages(start.library) == {"six": "1.0"}
    assert packages(start.folders[0]) == {"ipykernel": "7.0", "ipython": "9.0", "traitlets": "5.1"}
    assert start.ipykernel == "7.0"
    assert start.has_encryption


def test_an_older_kernel_comes_beside_an_older_package(project: Path, chapbook: Chapbook) -> None:
    require(project, "traitlets==4.3")
    start = prepare(chapbook)
    assert packages(start.folders[0]) == {"ipykernel": "6.0", "ipython": "7.34"}
    assert not start.has_encryption


def test_a_kernel_that_is_locked_is_used(project: Path, chapbook: Chapbook) -> None:
    require(project, "ipykernel==6.0")
    start = prepare(chapbook)
    assert start.ipykernel == "6.0"
    assert len(start.folders) == 1
    assert json.loads(Path(start.folders[0], "chapbook", "magics", "tool.json").read_bytes())["python"]


def test_the_package_in_the_way_is_named(project: Path, chapbook: Chapbook) -> None:
    require(project, "six", "traitlets==4.0")
    outcome = chapbook("kernel", "prepare")
    assert outcome.status == 1
    assert "no ipykernel works beside `traitlets` 4.0, which this project locks" in outcome.err
    assert "`chapbook add -G dev ipykernel`" in outcome.err


def test_an_overlay_serves_every_project_that_it_fits_without_asking_an_index(
    project: Path, chapbook: Chapbook, index: FakeIndex
) -> None:
    require(project, "traitlets==4.3")
    first = prepare(chapbook)
    require(project, "traitlets==4.3", "six")
    assert chapbook("lock").status == 0
    assert chapbook("install").status == 0
    before = dict(index.counts)
    second = prepare(chapbook)
    assert first.folders == second.folders
    assert before == dict(index.counts)


def test_a_newer_kernel_comes_to_whoever_asks_the_indexes(project: Path, chapbook: Chapbook, index: FakeIndex) -> None:
    require(project, "six")
    prepare(chapbook)
    index.serve("ipykernel", "7.1", requires=["ipython>=9"])
    assert "7.0" == prepare(chapbook).ipykernel
    index.faults.always("/simple/*", reply_faults.status(503, retry_after=0))
    outcome = chapbook("kernel", "prepare", "--refresh")
    assert 1 == outcome.status
    assert "the server has trouble (HTTP 503)" in outcome.err
    index.faults.clear()
    assert "7.1" == prepare(chapbook, "--refresh").ipykernel
    assert "7.1" == prepare(chapbook).ipykernel


def test_a_start_is_remembered_until_something_changes(project: Path, chapbook: Chapbook) -> None:
    require(project, "six")
    assert starts(project).remembered() is None
    start = prepare(chapbook)
    assert start == starts(project).remembered()
    assert starts(project, KernelWants(("training",))).remembered() is None
    (project / "poetry.lock").write_text((project / "poetry.lock").read_text("utf-8") + "\n# by hand\n", "utf-8")
    assert starts(project).remembered() is None


@pytest.mark.parametrize("gone", ["python", "overlay", "package"])
def test_what_is_gone_is_noticed(project: Path, chapbook: Chapbook, gone: str) -> None:
    require(project, "six")
    start = prepare(chapbook)
    match gone:
        case "python":
            Path(start.python).unlink()
        case "overlay":
            shutil.rmtree(start.folders[0])
        case _:
            shutil.rmtree(Path(start.library, "six-1.0.dist-info"))
    assert starts(project).remembered() is None


def test_preparing_by_hand_says_what_the_kernel_will_be(project: Path, chapbook: Chapbook) -> None:
    require(project, "six")
    outcome = chapbook("kernel", "prepare")
    assert "The kernel is ready" in outcome.out
    assert "ipykernel 7.0 from an overlay" in outcome.out


def test_a_notebook_that_wants_a_group_gets_it_and_nobody_loses_anything(project: Path, chapbook: Chapbook) -> None:
    require(project, "six")
    file = project / "pyproject.toml"
    more = (
        '[tool.poetry.group.training]\noptional = true\n[tool.poetry.group.training.dependencies]\ntraitlets = "5.1"\n'
    )
    file.write_text(file.read_text("utf-8") + more, "utf-8")
    assert packages(prepare(chapbook).library) == {"six": "1.0"}
    wanted = {"six": "1.0", "traitlets": "5.1"}
    start = prepare(chapbook, "--with", "training")
    assert wanted == packages(start.library)
    assert packages(start.folders[0]) == {"ipykernel": "7.0", "ipython": "9.0"}
    assert wanted == packages(prepare(chapbook).library)


@pytest.mark.parametrize("develop", ["true", "false"])
def test_a_kernel_does_not_start_from_what_a_required_folder_was_before(
    project: Path, chapbook: Chapbook, develop: str
) -> None:
    told_lib(project / "one", BACKEND + EDITABLE)
    require(project, "lib", tool=f'[tool.poetry.dependencies]\nlib = {{path = "one", develop = {develop}}}\n')
    prepare(chapbook)
    assert starts(project).remembered() is not None
    with (project / "one/pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert starts(project).remembered() is None
    prepare(chapbook)
    assert starts(project).remembered() is not None
