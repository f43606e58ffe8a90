from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.lab_extra import ExtraMissing, require_extra
from chapbook_core.commands.programs import Programs
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.events import Unwatched
from chapbook_core.value import replace


def programs(words: str, surroundings: Surroundings) -> Programs:
    invocation = parse(words.split(), BY_NAME).invocation
    assert invocation is not None
    result = perform(invocation, surroundings, Unwatched())
    assert isinstance(result, Programs)
    return result


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    return Surroundings(tmp_path, {"A": "b"}, tmp_path, python=(3, 11))


def test_a_notebook_is_run_by_a_program_of_its_own_wherever_it_is_started(surroundings: Surroundings) -> None:
    (program,) = programs("run sub/report.ipynb -o out.ipynb -p a=1", surroundings).programs
    module = (sys.executable, "-P", "-m", "chapbook_kernelspec")
    assert (*module, "sub/report.ipynb", "-o", "out.ipynb", "-p", "a=1") == program.words
    assert Path(sys.executable) == program.path
    assert surroundings.folder == program.folder
    assert {"A": "b"} == program.variables


def test_the_project_that_is_named_is_passed_on(surroundings: Surroundings, tmp_path: Path) -> None:
    (program,) = programs("run report.ipynb", replace(surroundings, project=tmp_path / "p")).programs
    assert ("--project", str(tmp_path / "p"), "report.ipynb") == program.words[4:]


def test_without_the_extra_it_is_said_what_to_install() -> None:
    require_extra("this", "json")
    with pytest.raises(ExtraMissing, match="this needs `no_such_module`") as caught:
        require_extra("this", "json", "no_such_module")
    (hint,) = caught.value.hints
    assert hint == f"run `{sys.executable} -m pip install 'chapbook[lab]'`"
