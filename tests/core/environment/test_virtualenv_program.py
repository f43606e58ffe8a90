"""The program that runs virtualenv beside somebody who does something else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment import virtualenv_program
from chapbook_core.environment.discovery import running_interpreter
from chapbook_core.environment.maker import Maker, Recipe, words_for
from tests.core.environment.made import tree
from tests.core.environment.test_virtualenv import without_maker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.environment.probe import Prober

_FOR_SEEDS = {"distlib", "http.client", "packaging", "ssl", "urllib.request", "virtualenv.seed.wheels.bundle"}


def run(words: list[str], places: list[str], *options: str) -> subprocess.CompletedProcess[str]:
    told = [str(running_interpreter()), "-I", "-S", *options, virtualenv_program.__file__, json.dumps([words, places])]
    return subprocess.run(told, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("version", "is_copied", "sees_system"),
    [("3.9", False, False), ("3.11", False, True), ("3.12", True, False), ("3.13", False, False)],
)
def test_what_the_program_makes_is_what_virtualenv_makes_in_a_process_that_has_loaded_all_of_it(
    tmp_path: Path, python: Callable[[str], Interpreter], version: str, is_copied: bool, sees_system: bool
) -> None:
    recipe = Recipe(python(version), "notes", always_copy=is_copied, system_site_packages=sees_system)
    path = tmp_path / ".venv"
    done = run([*words_for(path, recipe, "notes"), "--app-data", str(tmp_path / "data")], sys.path)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    alone = tree(path)
    path.rename(tmp_path / "aside")
    Maker().make(path, recipe, "notes", tmp_path / "cache")
    assert without_maker(alone) == without_maker(tree(path))


def test_it_loads_nothing_of_what_puts_pip_into_an_environment(tmp_path: Path, prober: Prober) -> None:
    recipe = Recipe(prober.ask(running_interpreter()), "notes")
    words = [*words_for(tmp_path / ".venv", recipe, "notes"), "--app-data", str(tmp_path / "data")]
    done = run(words, sys.path, "-X", "importtime")
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert 0 == done.returncode
    assert {"virtualenv.run", "python_discovery"} <= loaded
    assert set() == loaded & _FOR_SEEDS


_OTHER = """
from virtualenv.seed.wheels import Version
def cli_run(words, **options):
    import sys
    with open(words[0], "w") as file:
        file.write(f"{Version} {'virtualenv.seed.wheels.periodic_update' in sys.modules}")
"""


def test_one_that_asks_for_more_of_its_wheels_is_loaded_as_it_is(tmp_path: Path) -> None:
    wheels = tmp_path / "virtualenv" / "seed" / "wheels"
    wheels.mkdir(parents=True)
    (tmp_path / "virtualenv" / "__init__.py").write_text(_OTHER)
    (wheels / "__init__.py").write_text("Version = 'its own'")
    done = run([str(tmp_path / "out")], [str(tmp_path)])
    assert (0, "") == (done.returncode, done.stderr)
    assert "its own False" == (tmp_path / "out").read_text()


def test_where_virtualenv_is_not_it_ends_as_any_program_that_fails(tmp_path: Path) -> None:
    done = run(["x"], [str(tmp_path)])
    assert 1 == done.returncode
    assert "No module named 'virtualenv'" in done.stderr


def test_only_seeders_are_kept_from_virtualenv() -> None:
    plugins = virtualenv_program.Plugins()
    every = {name for point in plugins.select(group="virtualenv.create") for name in [point.name]}
    assert {"venv", "cpython3-posix"} <= every
    (seeder,) = plugins.select(group="virtualenv.seed")
    assert ("app-data", virtualenv_program.Seedless) == (seeder.name, seeder.load())
    assert not virtualenv_program.Seedless(None).enabled
