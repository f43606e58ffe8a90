from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.cli.becoming import become
from chapbook_core.commands.programs import Program, Programs

if TYPE_CHECKING:
    from tests.core.commands.conftest import Chapbook

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
PROJECT = """
[project]
name = "notes"
version = "1.0"
[project.scripts]
greet = "greeting:words.say"
lost = "no function"
[tool.poetry.scripts]
tool = {reference = "tools/tool.py", type = "file"}
[tool.chapbook.tasks]
hello = "python -c 'print(1)'"
fail = ["sh -c 'exit 4'", "sh -c 'echo never'"]
all = {run = ["sh -c 'echo 2'", ["sh", "-c", "echo 3 $*", "sh"]], needs = ["hello"], help = "everything"}
"""
PLAIN_PROJECT = """
[project]
name = "notes"
version = "1.0"
"""
GREETING = """
import sys
class words:
    def say():
        print("hello", sys.argv[1:], sys.argv[0])
        return 3
"""


@pytest.fixture
def project(folder: Path, cache: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(cache))
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    (folder / "pyproject.toml").write_text(PROJECT)
    assert 0 == chapbook("env", "use", "system").status
    return folder


def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the terminal's command in a process, for it becomes the program."""
    return subprocess.run(
        [sys.executable, "-m", "chapbook_core.cli", *words],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_program_runs_in_the_environment_with_its_own_words(project: Path) -> None:
    code = "import sys, os; print(sys.prefix, os.environ['VIRTUAL_ENV'], *sys.argv[1:]); sys.exit(7)"
    done = run(project, "run", "python", "-c", code, "--help", "-v", "--", "x", PYTHONHOME="")
    environment = project / ".venv"
    assert (7, f"{environment} {environment} --help -v -- x\n", "") == (done.returncode, done.stdout, done.stderr)


def test_a_project_that_names_no_programs_runs_those_of_its_environment(project: Path) -> None:
    (project / "pyproject.toml").write_text(PLAIN_PROJECT)
    done = run(project, "run", "python", "-c", "import sys; print(sys.prefix)")
    assert (0, f"{project / '.venv'}\n", "") == (done.returncode, done.stdout, done.stderr)
    done = run(project, "run", "greet")
    assert 127 == done.returncode
    assert "there is no program `greet`" in done.stderr


def test_a_script_is_found_however_its_table_is_spelled(project: Path) -> None:
    (project / "greeting.py").write_text(GREETING)
    (project / "pyproject.toml").write_text(
        PLAIN_PROJECT + '["project"."s\\u0063ripts"]\ngreet = "greeting:words.say"\n'
    )
    assert 3 == run(project, "run", "greet").returncode


def test_nothing_runs_in_a_project_for_another_poetry(project: Path) -> None:
    (project / "pyproject.toml").write_text(PLAIN_PROJECT + '[tool.poetry]\nrequires-poetry = ">=9"\n')
    done = run(project, "run", "python", "-c", "print(1)")
    assert (1, "") == (done.returncode, done.stdout)
    assert "requires Poetry >=9" in done.stderr


def test_a_moved_environment_runs_with_a_warning_where_the_project_names_no_programs(project: Path) -> None:
    (project / "pyproject.toml").write_text(PLAIN_PROJECT)
    moved = project.with_name("moved")
    project.rename(moved)
    done = run(moved, "run", "python", "-c", "print(1)")
    assert (0, "1\n") == (done.returncode, done.stdout)
    assert "was moved" in done.stderr


def test_the_folder_stays_that_of_the_person(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "show.py").write_text("import os; print(os.getcwd())")
    assert f"{project / 'sub'}\n" == run(project / "sub", "run", "python", "show.py").stdout
    assert f"{project / 'sub'}\n" == run(project / "sub", "run", "show.py").stdout
    assert f"{project}\n" == run(project, "run", "sub/show.py").stdout


@pytest.mark.parametrize("place", ["greeting.py", "src/greeting.py"])
def test_a_script_runs_though_the_project_is_not_installed(project: Path, place: str) -> None:
    (project / place).parent.mkdir(exist_ok=True)
    (project / place).write_text(GREETING)
    (project / "sub").mkdir()
    done = run(project / "sub", "run", "greet", "a b", "-x")
    assert (3, "hello ['a b', '-x'] greet\n") == (done.returncode, done.stdout)


def test_an_installed_script_is_the_program_of_the_environment(project: Path) -> None:
    program = project / ".venv" / "bin" / "greet"
    program.write_text("#!/bin/sh\necho installed $1\n")
    program.chmod(0o755)
    assert "installed x\n" == run(project, "run", "greet", "x").stdout


def test_a_file_of_the_project_may_be_a_script(project: Path) -> None:
    (project / "tools").mkdir()
    (project / "tools" / "tool.py").write_text("import sys; print(sys.prefix, sys.argv[1:])")
    assert f"{project / '.venv'} ['x']\n" == run(project, "run", "tool", "x").stdout


def test_tasks_run_in_order_in_the_projects_folder_and_say_what_they_do(project: Path) -> None:
    (project / "sub").mkdir()
    done = run(project / "sub", "run", "all", "more", "words")
    assert (0, "1\n2\n3 more words\n") == (done.returncode, done.stdout)
    assert done.stderr.splitlines() == [
        "[hello] python -c 'print(1)'",
        "[all] sh -c 'echo 2'",
        "[all] sh -c 'echo 3 $*' sh more words",
    ]
    assert "" == run(project, "run", "-q", "hello").stderr


def test_a_task_ends_with_the_first_failure(project: Path) -> None:
    done = run(project, "run", "fail")
    assert (4, "") == (done.returncode, done.stdout)


def test_without_words_tasks_and_scripts_are_listed(chapbook: Chapbook, project: Path) -> None:
    assert (project / ".venv").is_dir()
    assert chapbook("run").out.splitlines() == [
        "Tasks",
        "  hello  python -c 'print(1)'",
        "  fail   sh -c 'exit 4'; sh -c 'echo never'",
        "  all    everything",
        "Scripts",
        "  greet  greeting:words.say",
        "  lost   no function",
        "  tool   tools/tool.py",
    ]


@pytest.mark.parametrize(("typed", "meant"), [("helo", "hello"), ("gret", "greet"), ("pyhton", "python")])
def test_a_misspelt_task_script_or_program_is_told(chapbook: Chapbook, project: Path, typed: str, meant: str) -> None:
    assert (project / ".venv").is_dir()
    assert f"hint: did you mean `{meant}`" in chapbook("run", typed).err


def test_what_is_not_there_has_the_status_of_a_shell(chapbook: Chapbook, project: Path) -> None:
    (project / "planted").write_text("#!/bin/sh\n")
    (project / "planted").chmod(0o755)
    for name in ("nothing", "planted", "./nothing", "nothing.py"):
        outcome = chapbook("run", name)
        assert 127 == outcome.status
        assert outcome.err.startswith(f"error: there is no program `{name}`: ")


def test_a_planted_program_is_not_found_on_a_relative_path(
    chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "planted").write_text("#!/bin/sh\n")
    (project / "planted").chmod(0o755)
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")
    assert 127 == chapbook("run", "planted").status


def test_a_script_that_names_no_function_says_so(chapbook: Chapbook, project: Path) -> None:
    assert (project / ".venv").is_dir()
    assert chapbook("run", "lost").err.startswith("error: the script `lost` names no function: `no function`\n")


def test_without_an_environment_nothing_runs(chapbook: Chapbook, project: Path) -> None:
    chapbook("env", "remove", "--all")
    outcome = chapbook("run", "python")
    assert outcome.err.startswith(f"error: the project has no environment: there is no `{project / '.venv'}`\nhint: ")


def test_a_moved_environment_runs_with_a_warning(project: Path) -> None:
    moved = project.parent / "moved"
    project.rename(moved)
    done = run(moved, "run", "python", "-c", "print(1)")
    assert (0, "1\n") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"warning: `{moved / '.venv'}` was moved: ")


def test_pip_never_works_on_another_python_than_that_of_the_project(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder in (elsewhere, project / ".venv" / "bin"):
        refused = run(project, "run", "pip3", "install", "x", PATH=f"{elsewhere}:/usr/bin:/bin")
        assert refused.returncode
        assert "" == refused.stdout
        pip = folder / "pip3"
        pip.write_text(f"#!/bin/sh\necho {folder.name}\n")
        pip.chmod(0o755)
    assert f"`{elsewhere / 'pip3'}` would install into another Python\nhint: run `chapbook add NAME`" in refused.stderr
    assert "bin\n" == run(project, "run", "pip3", "install", "x", PATH=f"{elsewhere}:/usr/bin:/bin").stdout


def test_a_task_may_run_a_notebook(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('report = "report.ipynb --help"\n')
    done = run(project, "run", "report")
    assert (0, "[report] report.ipynb --help\n") == (done.returncode, done.stderr)
    assert "chapbook run NOTEBOOK" in done.stdout


def test_a_program_of_the_environment_runs_where_path_cannot_name_its_folder(project: Path) -> None:
    parted = project.parent / f"in{os.pathsep}two"
    project.rename(parted)
    mine = parted / ".venv" / "bin" / "mine"
    mine.write_text("#!/bin/sh\necho mine\n")
    mine.chmod(0o755)
    assert "mine\n" == run(parted, "run", "mine").stdout


def test_the_program_takes_the_place_of_the_command(project: Path) -> None:
    """So a signal to the one is a signal to the other, and its end is its own."""
    code = "import os, signal, sys\nprint(os.getpid(), flush=True)\nsignal.pause()"
    child = subprocess.Popen(
        [sys.executable, "-m", "chapbook_core.cli", "run", "python", "-c", code],
        cwd=project,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.pid == int(child.stdout.readline())
        child.send_signal(signal.SIGUSR1)
        assert -signal.SIGUSR1 == child.wait(timeout=60)


def test_a_closed_pipe_ends_a_program_as_it_would_in_a_shell(project: Path) -> None:
    words = f"{sys.executable} -m chapbook_core.cli run sh -c 'while :; do echo x; done' | head -n 1"
    done = subprocess.run(["bash", "-c", words], cwd=project, capture_output=True, text=True, check=True, timeout=30)
    assert ("x\n", "") == (done.stdout, done.stderr)


def test_a_signal_reaches_the_program_of_a_task_that_is_not_the_last(project: Path) -> None:
    text = PROJECT + 'two = [["sh", "-c", "echo ready; exec sleep 60"], "sh -c \'echo never\'"]\n'
    (project / "pyproject.toml").write_text(text)
    words = [sys.executable, "-m", "chapbook_core.cli", "run", "two"]
    with subprocess.Popen(words, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None
        assert "ready\n" == child.stdout.readline()
        time.sleep(0.1)
        child.send_signal(signal.SIGTERM)
        assert 128 + signal.SIGTERM == child.wait(timeout=60)
        assert "" == child.stdout.read()


def test_where_no_process_can_be_replaced_the_status_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    program = Program(Path("/bin/sh"), ("sh", "-c", "exit $CODE"), tmp_path, {"CODE": "9"})
    assert 9 == become(Programs((program,)), quiet=True)
    killed = Program(Path("/bin/sh"), ("sh", "-c", "kill -9 $$"), tmp_path, {})
    assert 137 == become(Programs((killed,)), quiet=True)


def test_secrets_of_the_variables_are_in_no_result(tmp_path: Path) -> None:
    programs = Programs((Program(Path("/bin/sh"), ("sh",), tmp_path, {"TOKEN": "s3cret"}),))
    assert "s3cret" not in repr(programs)
    assert "s3cret" not in str(programs.data())


def test_a_shell_starts_with_the_environment_active(project: Path) -> None:
    home = project.parent / "home"
    (home / ".bashrc").write_text('PATH="/first:$PATH"\nMINE=1\n')
    done = subprocess.run(
        [sys.executable, "-m", "chapbook_core.cli", "shell"],
        cwd=project,
        env={**os.environ, "SHELL": "/bin/bash", "HOME": str(home)},
        input='echo "<$VIRTUAL_ENV $MINE $POETRY_ACTIVE $(command -v python)>"\nexit 5\n',
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    environment = project / ".venv"
    assert 5 == done.returncode
    assert f"<{environment} 1 1 {environment / 'bin' / 'python'}>" in done.stdout


def test_no_shell_starts_in_itself(chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(project / ".venv"))
    monkeypatch.setenv("CHAPBOOK_ACTIVE", "1")
    assert f"The environment is already active: {project / '.venv'}\n" == chapbook("shell").out


def test_a_mistaken_task_stands_in_nobody_elses_way(project: Path, chapbook: Chapbook) -> None:
    file = project / "pyproject.toml"
    file.write_text(file.read_text().replace("[tool.chapbook.tasks]", '[tool.chapbook.tasks]\nbroken = "a | b"', 1))
    assert 0 == run(project, "run", "python", "-c", "pass").returncode
    assert "broken" in chapbook("run").out
    outcome = chapbook("run", "broken")
    assert 1 == outcome.status
    assert "tool.chapbook.tasks.broken: `|` would be a word like any other" in outcome.err
    assert "tool.chapbook.tasks.broken" in chapbook("check").err
