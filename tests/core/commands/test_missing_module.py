from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.commands.changed import Project
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("odd-name", "1.0", files={"oddly/__init__.py": "", "space/part.py": ""})
    index.serve("space-two", "1.0", files={"space/two/__init__.py": ""})
    index.serve("plain", "1.0")
    return index


def found(chapbook: Chapbook, module: str) -> dict[str, object]:
    outcome = chapbook("find-module", module, "--format", "json")
    assert "" == outcome.err
    data: dict[str, object] = json.loads(outcome.out)
    return data


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("module", "place", "advice"),
    [
        ("sklearn", "famous", "add scikit-learn"),
        ("cv2", "famous", "add opencv-python"),
        ("google.cloud.storage", "famous", "add google-cloud-storage"),
        ("numpy.linalg", "famous", "add numpy"),
        ("json", "python", None),
        ("reqeusts", "unknown", None),
        ("nobody_knows", "unknown", None),
    ],
)
def test_what_is_known_without_a_project_s_help(chapbook: Chapbook, module: str, place: str, advice: str) -> None:
    data = found(chapbook, module)
    assert (place, advice) == (data["place"], data["advice"])


@pytest.mark.usefixtures("project")
def test_an_unknown_name_is_told_plainly(chapbook: Chapbook) -> None:
    outcome = chapbook("find-module", "reqeusts")
    assert 1 == outcome.status
    assert "which package brings `reqeusts` is not known" in outcome.out
    assert "chapbook add reqeusts" not in outcome.out


def test_it_needs_no_project(chapbook: Chapbook) -> None:
    assert "scikit-learn" == found(chapbook, "sklearn")["distributions"][0]  # type: ignore[index]  # JSON


def test_the_project_s_own_modules_are_its_own(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "sklearn.py").write_text("")
    assert "project" == found(chapbook, "sklearn")["place"]


def test_what_the_project_has_is_told_first(project: Project, chapbook: Chapbook) -> None:
    project.require_here("plain")
    assert ("required", "lock") == place(chapbook, "plain")
    assert 0 == chapbook("lock").status
    assert ("locked", "install") == place(chapbook, "plain")
    assert 0 == chapbook("install").status
    data = found(chapbook, "plain")
    assert ("installed", None) == (data["place"], data["advice"])
    assert "restart the kernel" in str(data["told"])


def place(chapbook: Chapbook, module: str) -> tuple[object, object]:
    data = found(chapbook, module)
    return data["place"], data["advice"]


def test_an_installed_package_is_known_by_its_files(project: Project, chapbook: Chapbook) -> None:
    assert ("unknown", None) == place(chapbook, "oddly")
    assert 0 == chapbook("add", "odd-name").status
    assert ["odd-name"] == found(chapbook, "oddly")["distributions"]
    assert ["odd-name"] == found(chapbook, "space.part")["distributions"]
    assert 0 == chapbook("remove", "odd-name").status
    assert project.text.count("odd") == 0
    assert ("stored", "add odd-name") == place(chapbook, "oddly")
    assert ("unknown", None) == place(chapbook, "space.other")


@pytest.mark.usefixtures("project")
def test_a_namespace_has_several_owners(chapbook: Chapbook) -> None:
    assert 0 == chapbook("add", "odd-name", "space-two").status
    assert ["odd-name", "space-two"] == found(chapbook, "space")["distributions"]
    assert ["space-two"] == found(chapbook, "space.two.inner")["distributions"]


@pytest.mark.parametrize(
    ("version", "module", "told"),
    [
        ("3.12.1", "distutils", "no part of Python any more since 3.12"),
        ("3.13.0", "cgi", "no part of Python any more since 3.13"),
        ("3.8.1", "tomllib", "from 3.11 on"),
    ],
)
def test_what_came_and_left_python_is_known(
    project: Project, chapbook: Chapbook, version: str, module: str, told: str
) -> None:
    minor = version.rpartition(".")[0]
    (project.folder / ".venv" / "lib" / f"python{minor}" / "site-packages").mkdir(parents=True)
    (project.folder / ".venv" / "bin").mkdir()
    (project.folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (project.folder / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    assert told in str(found(chapbook, module)["told"])


def test_what_is_no_name_is_refused(chapbook: Chapbook) -> None:
    assert 2 == chapbook("find-module", "a-b").status
