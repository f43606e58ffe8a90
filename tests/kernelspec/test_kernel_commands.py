from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kernelspec.conftest import Outcome

    Chapbook = Callable[..., Outcome]

NAME = re.compile(r"chapbook-demo-[0-9a-f]{8}")


@pytest.fixture
def kernels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be where a person's kernels are, in a project called demo."""
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR", "VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    write_project(folder)
    return Path.home() / ".local/share/jupyter/kernels"


def write_project(folder: Path, name: str = "demo") -> None:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.11"\n')
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").touch()
    (folder / ".venv/pyvenv.cfg").touch()


def only(kernels: Path) -> Path:
    (found,) = kernels.iterdir()
    return found


def read(kernel: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((kernel / "kernel.json").read_bytes())
    return data


def write_foreign(kernels: Path, name: str) -> Path:
    kernel = kernels / name
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({"argv": ["/gone"], "display_name": "Python (demo)"}))
    return kernel


def test_the_kernel_of_a_project_says_all_that_others_want_to_know(
    folder: Path, kernels: Path, chapbook: Chapbook
) -> None:
    outcome = chapbook("kernel", "install")
    assert 0 == outcome.status
    kernel = only(kernels)
    assert NAME.fullmatch(kernel.name)
    assert f"Wrote the kernel Python (demo) (`{kernel.name}`)\n" == outcome.out
    data = read(kernel)
    assert [sys.executable, "-m", "chapbook_kernelspec.ipykernel_launcher", "-f", "{connection_file}"] == data["argv"]
    assert {"CHAPBOOK_PROJECT": str(folder)} == data["env"]
    assert {"path": str(folder / ".venv/bin/python")} == data["metadata"]["interpreter"]
    assert str(folder) == data["metadata"]["chapbook"]["project"]
    assert {"created_by", "version", "project"} == set(data["metadata"]["chapbook"])
    # A Jupyter elsewhere knows no such provisioner, and would not list the kernel; nor does every kernel encrypt.
    assert not {"kernel_provisioner", "supported_encryption"} & set(data["metadata"])


def test_jupyter_finds_what_was_written(kernels: Path, chapbook: Chapbook) -> None:
    chapbook("kernel", "install")
    spec = KernelSpecManager(kernel_dirs=[str(kernels)]).get_kernel_spec(only(kernels).name)
    assert "Python (demo)" == spec.display_name


def test_installing_again_changes_nothing(kernels: Path, chapbook: Chapbook) -> None:
    chapbook("kernel", "install")
    before = read(only(kernels))
    assert 0 == chapbook("kernel", "install").status
    assert before == read(only(kernels))


def test_projects_of_one_name_have_kernels_of_two_names(folder: Path, kernels: Path, chapbook: Chapbook) -> None:
    write_project(folder / "other")
    chapbook("kernel", "install")
    outcome = chapbook("-C", "other", "kernel", "install")
    assert f"Python (demo) in {folder / 'other'}" in outcome.out
    assert 2 == len(list(kernels.iterdir()))
    assert 2 == len({read(kernel)["display_name"] for kernel in kernels.iterdir()})


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("--prefix", "env"), "env/share/jupyter/kernels"),
        (("--in-project",), ".venv/share/jupyter/kernels"),
    ],
)
def test_a_kernel_goes_where_it_is_said(
    folder: Path, kernels: Path, chapbook: Chapbook, words: tuple[str, ...], place: str
) -> None:
    assert 0 == chapbook("kernel", "install", *words).status
    assert NAME.fullmatch(only(folder / place).name)
    assert not kernels.exists()


def test_the_generic_kernel_is_of_no_project(kernels: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("kernel", "install", "--generic")
    assert "Wrote the kernel Project (Chapbook) (`chapbook`)\n" == outcome.out
    data = read(kernels / "chapbook")
    assert "env" not in data
    assert "project" not in data["metadata"]["chapbook"]


def test_names_can_be_chosen(kernels: Path, chapbook: Chapbook) -> None:
    chapbook("kernel", "install", "--name", "mine", "--display-name", "Mine & yours")
    assert "Mine & yours" == read(kernels / "mine")["display_name"]


@pytest.mark.parametrize("name", ["Big", "a b", "../up", "a/b", "ä"])
def test_a_name_that_jupyter_refuses_is_refused(kernels: Path, chapbook: Chapbook, name: str) -> None:
    outcome = chapbook("kernel", "install", f"--name={name}")
    assert 1 == outcome.status
    assert f"a kernel cannot be called `{name}`" in outcome.err
    assert not kernels.exists()


def test_what_a_killed_command_was_writing_is_no_kernel_of_somebody_else(kernels: Path, chapbook: Chapbook) -> None:
    (kernels / "mine").mkdir(parents=True)
    (kernels / "mine" / ".chapbook-0123456789abcdef.tmp").write_text("{")
    assert 0 == chapbook("kernel", "install", "--name", "mine").status
    assert ["kernel.json"] == [path.name for path in (kernels / "mine").iterdir()]


def test_the_kernel_of_somebody_else_is_neither_replaced_nor_removed(kernels: Path, chapbook: Chapbook) -> None:
    kernel = write_foreign(kernels, "theirs")
    before = read(kernel)
    for words in (("install", "--name", "theirs"), ("remove", "theirs")):
        outcome = chapbook("kernel", *words)
        assert 1 == outcome.status
        assert "was not made by Chapbook" in outcome.err
    chapbook("kernel", "prune")
    assert before == read(kernel)


def test_a_link_is_not_followed(folder: Path, kernels: Path, chapbook: Chapbook) -> None:
    chapbook("kernel", "install", "--name", "kept", "--prefix", "env")
    kernels.mkdir(parents=True)
    (kernels / "link").symlink_to(folder / "env/share/jupyter/kernels/kept", target_is_directory=True)
    for words in (("install", "--name", "link"), ("remove", "link")):
        assert 1 == chapbook("kernel", *words).status
    assert (folder / "env/share/jupyter/kernels/kept/kernel.json").is_file()


def test_the_list_says_which_kernels_cannot_start(folder: Path, kernels: Path, chapbook: Chapbook) -> None:
    for name in ("fine", "gone", "bare"):
        write_project(folder / name, name)
        chapbook("-C", name, "kernel", "install", "--name", name)
    shutil.rmtree(folder / "gone")
    shutil.rmtree(folder / "bare/.venv")
    write_foreign(kernels, "theirs")
    data = json.loads(chapbook("kernel", "list", "--format", "json").out)
    troubles = {kernel["name"]: kernel["trouble"] for kernel in data["kernels"]}
    assert {"bare": "the project has no environment", "fine": "", "gone": "the project is gone"} == troubles
    assert "note: 2 of 3 cannot start\nhint: run `chapbook kernel prune`" in chapbook("kernel", "list").out


def test_a_name_in_two_places_is_told_with_the_one_that_jupyter_takes(
    folder: Path, kernels: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    monkeypatch.setenv("JUPYTER_PATH", str(told))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    for words in ((), ("--prefix", str(folder / "away"))):
        assert chapbook("kernel", "install", *words).status == 0
    assert "Jupyter takes" not in chapbook("kernel", "list").out
    shutil.copytree(only(kernels), told / "kernels" / only(kernels).name.upper())
    taken = KernelSpecManager().find_kernel_specs()[only(kernels).name]
    lines = chapbook("kernel", "list", "--prefix", str(folder / "away")).out.splitlines()
    assert Path(taken).parent == told / "kernels"
    first, second, third = lines[1:4]
    assert first.endswith(f"in {told / 'kernels'}")
    assert second.endswith(f"in {kernels}; Jupyter takes the one in {told / 'kernels'}")
    # Nobody but a Jupyter in that environment looks there.
    assert third.endswith(f"in {folder / 'away/share/jupyter/kernels'}")
    # Who writes over it from elsewhere is told of, too.
    shutil.rmtree(told)
    write_foreign(told / "kernels", only(kernels).name)
    (line,) = chapbook("kernel", "list").out.splitlines()[1:2]
    assert line.endswith(f"in {kernels}; Jupyter takes the one in {told / 'kernels'}")


def test_pruning_removes_those_that_cannot_start_and_says_so_before(
    folder: Path, kernels: Path, chapbook: Chapbook
) -> None:
    for name in ("fine", "gone"):
        write_project(folder / name, name)
        chapbook("-C", name, "kernel", "install", "--name", name)
    theirs = write_foreign(kernels, "theirs")
    shutil.rmtree(folder / "gone")
    assert "Would remove gone: the project is gone\n" == chapbook("kernel", "prune", "--dry-run").out
    assert (kernels / "gone").is_dir()
    assert "Removed gone: the project is gone\n" == chapbook("kernel", "prune").out
    assert {kernels / "fine", theirs} == set(kernels.iterdir())
    assert "Every kernel that Chapbook has written can start\n" == chapbook("kernel", "prune").out


def test_a_kernel_whose_chapbook_is_gone_is_pruned(kernels: Path, chapbook: Chapbook) -> None:
    chapbook("kernel", "install", "--name", "old")
    file = kernels / "old/kernel.json"
    data = read(kernels / "old")
    data["argv"][0] = "/gone/python"
    file.write_text(json.dumps(data))
    assert "Removed old: Chapbook is no longer in `/gone/python`\n" == chapbook("kernel", "prune").out


def test_a_kernel_is_removed_by_its_name_alone(folder: Path, kernels: Path, chapbook: Chapbook) -> None:
    chapbook("kernel", "install", "--name", "here")
    chapbook("kernel", "install", "--name", "there", "--prefix", "env")
    assert "Removed here\n" == chapbook("kernel", "remove", "here").out
    assert 1 == chapbook("kernel", "remove", "there").status
    assert "Removed there\n" == chapbook("kernel", "remove", "there", "--prefix", "env").out
    assert [] == [*kernels.iterdir(), *(folder / "env/share/jupyter/kernels").iterdir()]


def test_without_an_environment_it_is_said_that_one_is_needed(folder: Path, kernels: Path, chapbook: Chapbook) -> None:
    shutil.rmtree(folder / ".venv")
    assert "the project has no environment yet" in chapbook("kernel", "install").out
    outcome = chapbook("kernel", "install", "--in-project")
    assert 1 == outcome.status
    assert "run `chapbook install` first" in outcome.err
    assert only(kernels)


def test_outside_of_projects_only_the_generic_kernel_can_be_written(
    folder: Path, kernels: Path, chapbook: Chapbook
) -> None:
    (folder / "pyproject.toml").unlink()
    assert "no project in" in chapbook("kernel", "install").err
    assert 0 == chapbook("kernel", "install", "--generic").status
    assert 0 == chapbook("kernel", "list").status
    assert (kernels / "chapbook").is_dir()


@pytest.mark.parametrize("word", ["krnel", "krn"])
def test_a_kernel_whose_name_is_mistyped_is_suggested(kernels: Path, chapbook: Chapbook, word: str) -> None:
    write_foreign(kernels, "krnels")
    chapbook("kernel", "install", "--name", "kernel")
    outcome = chapbook("kernel", "remove", word)
    assert 1 == outcome.status
    assert outcome.err.startswith(f"error: there is no kernel `{word}`\nhint: did you mean `kernel`?\nhint: run ")
    assert "did you mean" not in chapbook("kernel", "remove", "something-else").err
