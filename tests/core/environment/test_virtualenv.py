from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.environment import pristine as pristine_module
from chapbook_core.environment import virtualenv, workshop
from chapbook_core.environment.condition import Sound, look_at
from chapbook_core.environment.maker import MAKER, EnvironmentNotMade, Maker, Recipe
from chapbook_core.environment.pristine import is_plain
from chapbook_core.environment.probe import Prober
from chapbook_core.environment.state import read_state
from chapbook_core.environment.virtualenv import make_environment, remove_environment
from chapbook_core.value import replace
from tests.core.environment.made import tree
from tests.fakes.interpreter import write_interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.environment.interpreter import Interpreter

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
PLAIN = ("plain", "with space", "with (both) [kinds]", "Übung", "dots.and-dashes_1", "a=b", "ノート")
ODD = ("it's", 'say "yes"', "$(touch canary)", "a`touch canary`b", "back\\slash", "50%", "new\nline", "a;b&c", "#!x")


@pytest.fixture
def cache(kept: Path) -> Path:
    return kept / "environments"


@pytest.fixture
def recipe(python: Callable[[str], Interpreter]) -> Recipe:
    return Recipe(python("3.11"), "notes-py3.11")


def unquoted(files: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return them without the quotes that a path needs only when there is a space in it."""
    mode, content = files["bin/activate"]
    return {**files, "bin/activate": (mode, content.replace(f"'{path}'".encode(), str(path).encode()))}


def without_maker(files: dict[str, Any]) -> dict[str, Any]:
    """Return them without the line that says which Python has run virtualenv."""
    mode, content = files["pyvenv.cfg"]
    lines = [line for line in content.splitlines() if not line.startswith(b"command = ")]
    return {**files, "pyvenv.cfg": (mode, lines)}


def prefix_of(environment: Path) -> str:
    words = [str(environment / "bin" / "python"), "-B", "-c", "import sys; print(sys.prefix, end='')"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("version", PYTHONS)
def test_an_environment_runs_its_python(
    tmp_path: Path, python: Callable[[str], Interpreter], cache: Path, version: str
) -> None:
    interpreter = python(version)
    environment = make_environment(tmp_path / ".venv", Recipe(interpreter, "notes"), cache=cache)
    assert interpreter.version == environment.version
    # For Pythons before 3.10 virtualenv keeps `distutils` from installing elsewhere.
    left = {path.name for path in environment.site_packages.iterdir()} - {"_virtualenv.py", "_virtualenv.pth"}
    assert set() == left
    assert str(tmp_path / ".venv") == prefix_of(environment.path)
    assert [".venv"] == [path.name for path in tmp_path.iterdir()]
    assert isinstance(look_at(environment.path), Sound)


@pytest.mark.parametrize("name", PLAIN)
def test_a_written_environment_is_what_virtualenv_would_have_made(
    tmp_path: Path, recipe: Recipe, cache: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name / ".venv"
    recipe = Recipe(recipe.interpreter, f"prompt of {name}")
    assert is_plain(str(path))
    # One of each is made before, so that the second cannot be what virtualenv makes.
    make_environment(tmp_path / "first", recipe, cache=cache)
    with monkeypatch.context() as patched:
        patched.setattr(Maker, "make", None)
        make_environment(path, recipe, cache=cache)
    written = tree(path)
    remove_environment(path)
    MAKER.make(path, recipe, recipe.prompt, cache)
    assert unquoted(tree(path), path) == unquoted(written, path)


@pytest.mark.parametrize("name", ODD)
def test_a_path_that_shells_could_misread_is_left_to_virtualenv(
    tmp_path: Path, recipe: Recipe, cache: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name / ".venv"
    assert not is_plain(str(path))
    make_environment(path, recipe, cache=cache)
    state = read_state(path)
    assert state is not None
    assert state.made_here
    assert path == state.path
    if "\n" not in name:
        done = subprocess.run(
            ["bash", "-c", '. "$1/bin/activate" && printf %s "$VIRTUAL_ENV"', "bash", str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert str(path) == done.stdout
    assert not (tmp_path / "canary").exists()


def test_without_a_cache_it_is_made_all_the_same_and_nothing_is_kept(
    tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    environment = make_environment(tmp_path / ".venv", recipe, cache=None)
    assert str(environment.path) == prefix_of(environment.path)
    assert [".venv"] == [path.name for path in tmp_path.iterdir()]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, recipe: Recipe) -> None:
    (tmp_path / "file").touch()
    environment = make_environment(tmp_path / ".venv", recipe, cache=tmp_path / "file" / "cache")
    assert str(environment.path) == prefix_of(environment.path)


def test_options_reach_virtualenv(tmp_path: Path, recipe: Recipe, cache: Path) -> None:
    recipe = Recipe(recipe.interpreter, "x", always_copy=True, system_site_packages=True)
    environment = make_environment(tmp_path / ".venv", recipe, cache=cache)
    assert environment.has_system_packages
    assert not environment.python.is_symlink()
    again = make_environment(tmp_path / "again", recipe, cache=cache)
    assert str(again.path) == prefix_of(again.path)


def test_pip_comes_when_it_is_asked_for(tmp_path: Path, recipe: Recipe, cache: Path) -> None:
    environment = make_environment(tmp_path / ".venv", Recipe(recipe.interpreter, "x", pip=True), cache=cache)
    assert (environment.scripts / "pip").read_text().startswith(f"#!{environment.python}")


def test_an_edit_in_one_environment_never_shows_in_another(tmp_path: Path, recipe: Recipe, cache: Path) -> None:
    first = make_environment(tmp_path / "a", recipe, cache=cache)
    with (first.scripts / "activate").open("a") as file:
        file.write("echo edited\n")
    second = make_environment(tmp_path / "b", recipe, cache=cache)
    assert "edited" not in (second.scripts / "activate").read_text()


def test_an_environment_is_replaced_as_a_whole(tmp_path: Path, recipe: Recipe, cache: Path) -> None:
    environment = make_environment(tmp_path / ".venv", recipe, cache=cache)
    (environment.site_packages / "old.py").touch()
    make_environment(tmp_path / ".venv", recipe, cache=cache)
    assert [] == list(environment.site_packages.iterdir())
    assert [".venv"] == [path.name for path in tmp_path.iterdir()]


def test_what_was_there_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, recipe: Recipe, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make_environment(tmp_path / ".venv", recipe, cache=cache)
    (environment.site_packages / "old.py").touch()

    def refuse(_staged: Path, _path: Path) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(workshop, "_move", refuse)
    with pytest.raises(EnvironmentNotMade, match="no"):
        make_environment(tmp_path / ".venv", recipe, cache=cache)
    assert (environment.site_packages / "old.py").exists()
    assert [".venv"] == [path.name for path in tmp_path.iterdir()]


def test_what_was_there_comes_back_when_a_person_interrupts_its_replacement(
    tmp_path: Path, recipe: Recipe, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make_environment(tmp_path / ".venv", recipe, cache=cache)
    (environment.site_packages / "old.py").touch()
    move = workshop._move

    def interrupted(staged: Path, path: Path) -> None:
        move(staged, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(workshop, "_move", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_environment(tmp_path / ".venv", recipe, cache=cache)
    assert (environment.site_packages / "old.py").exists()
    assert [".venv"] == [path.name for path in tmp_path.iterdir()]


def test_what_was_there_comes_back_when_virtualenv_fails(
    tmp_path: Path, recipe: Recipe, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "it's" / ".venv"
    environment = make_environment(path, recipe, cache=cache)
    (environment.site_packages / "old.py").touch()

    def fail(_maker: Maker, path: Path, *_rest: object) -> None:
        path.mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Maker, "make", fail)
    with pytest.raises(EnvironmentNotMade, match="No space left"):
        make_environment(path, recipe, cache=cache)
    assert (environment.site_packages / "old.py").exists()
    assert [".venv"] == [one.name for one in path.parent.iterdir()]


def test_a_folder_that_cannot_be_renamed_over_is_filled(
    tmp_path: Path, recipe: Recipe, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a container mounts an empty folder there."""
    path = tmp_path / ".venv"
    path.mkdir()
    before = path.stat().st_ino
    real = Path.rmdir

    def busy(self: Path) -> None:
        if self == path:
            raise OSError(16, "Device or resource busy")
        real(self)

    monkeypatch.setattr(Path, "rmdir", busy)
    environment = make_environment(path, recipe, cache=cache)
    assert before == path.stat().st_ino
    assert str(path) == prefix_of(environment.path)


def test_what_an_interrupted_command_left_is_swept_away(tmp_path: Path, recipe: Recipe, cache: Path) -> None:
    workshop = tmp_path / ".chapbook"
    left, fresh, other = workshop / "environment-old", workshop / "environment-new", workshop / "lock"
    for path in (left, fresh, other):
        path.mkdir(parents=True)
    long_ago = time.time() - 7200
    for path in (left, other):
        os.utime(path, (long_ago, long_ago))
    make_environment(tmp_path / ".venv", recipe, cache=cache)
    assert [False, True, True] == [path.exists() for path in (left, fresh, other)]


def test_a_damaged_pristine_is_made_anew(tmp_path: Path, recipe: Recipe) -> None:
    cache = tmp_path / "cache"
    make_environment(tmp_path / "a", recipe, cache=cache)
    (description,) = cache.glob("*/template.json")
    description.write_text('{"format": 1')
    environment = make_environment(tmp_path / "b", recipe, cache=cache)
    assert str(environment.path) == prefix_of(environment.path)


def test_a_script_that_names_its_place_in_an_unknown_way_is_not_written(
    tmp_path: Path, recipe: Recipe, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_environment(tmp_path / "a", recipe, cache=cache)
    monkeypatch.setattr(pristine_module, "_PYTHON_SYNTAX", ())
    real = pristine_module.Pristine._repathed

    def forgetful(self: pristine_module.Pristine, name: str, text: str, path: str, prompt: str) -> str:
        return real(self, name, text + pristine_module.MADE_IN, path, prompt)

    monkeypatch.setattr(pristine_module.Pristine, "_repathed", forgetful)
    environment = make_environment(tmp_path / "b", recipe, cache=cache)
    assert str(environment.path) == prefix_of(environment.path)


def test_the_settings_of_virtualenv_do_not_matter(
    tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUALENV_PIP", "embed")
    monkeypatch.setenv("VIRTUALENV_SYSTEM_SITE_PACKAGES", "1")
    environment = make_environment(tmp_path / ".venv", recipe, cache=None)
    assert not environment.has_system_packages
    assert [] == list(environment.site_packages.iterdir())


def test_a_removed_environment_takes_nothing_with_it(tmp_path: Path, recipe: Recipe, cache: Path) -> None:
    environment = make_environment(tmp_path / "project" / ".venv", recipe, cache=cache)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    (environment.site_packages / "link").symlink_to(elsewhere)
    linked = tmp_path / "store"
    linked.write_text("content")
    linked.chmod(0o444)
    (environment.site_packages / "hard").hardlink_to(linked)
    remove_environment(environment.path)
    assert [] == list((tmp_path / "project").iterdir())
    assert (elsewhere / "precious").exists()
    assert 0o444 == linked.stat().st_mode & 0o777


def test_an_interpreter_that_virtualenv_cannot_serve_is_an_error(tmp_path: Path) -> None:
    script = write_interpreter(tmp_path / "opt" / "bin" / "python3", "3.12.1")
    recipe = Recipe(Prober(None, os.environ).ask(script), "x")
    with pytest.raises(EnvironmentNotMade, match="cannot make the environment"):
        make_environment(tmp_path / "project" / ".venv", recipe, cache=None)
    assert [] == list((tmp_path / "project").iterdir())


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it look as if virtualenv had not been loaded, as in a process that has just begun."""
    monkeypatch.setattr(virtualenv, "MAKER", Maker())


@pytest.mark.usefixtures("unloaded")
def test_one_made_ahead_is_what_would_have_been_made(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes" / ".venv"
    with virtualenv.made_ahead(path, recipe, cache=tmp_path / "ahead") as is_begun:
        assert is_begun
    with monkeypatch.context() as patches:
        patches.setattr(Maker, "make", None)
        make_environment(path, recipe, cache=tmp_path / "ahead")
    assert str(path) == prefix_of(path)
    ahead = tree(path)
    remove_environment(path)
    make_environment(path, recipe, cache=tmp_path / "then")
    then = tree(path)
    assert without_maker(ahead) == without_maker(then)
    assert ["virtualenv"] == [kept.name for kept in (tmp_path / "ahead").iterdir() if not is_key(kept.name)]


@pytest.mark.usefixtures("unloaded")
def test_one_that_is_made_ahead_was_missed_and_where_virtualenv_is_at_hand_none_is(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed: list[Maker] = []

    def note(maker: Maker) -> None:
        missed.append(maker)

    monkeypatch.setattr(Maker, "miss", note)
    with virtualenv.made_ahead(tmp_path / "a", recipe, cache=tmp_path / "first") as is_begun:
        assert is_begun
    (one,) = missed
    one.come()
    with virtualenv.made_ahead(tmp_path / "a", recipe, cache=tmp_path / "second") as is_begun:
        assert not is_begun
    assert [one] == missed


@pytest.mark.usefixtures("unloaded")
def test_one_that_is_kept_is_not_made_ahead(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_environment(tmp_path / "first", recipe, cache=tmp_path / "kept")
    monkeypatch.setattr(virtualenv, "MAKER", Maker())
    with virtualenv.made_ahead(tmp_path / "second", recipe, cache=tmp_path / "kept") as is_begun:
        assert not is_begun


@pytest.mark.usefixtures("unloaded")
def test_what_fails_meanwhile_leaves_nothing_of_one_made_ahead(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), virtualenv.made_ahead(tmp_path / "a", recipe, cache=tmp_path / "kept"):
        raise ZeroDivisionError
    assert [] == [kept.name for kept in (tmp_path / "kept").iterdir() if kept.name != "virtualenv"]


@pytest.mark.usefixtures("unloaded")
def test_one_that_cannot_be_made_ahead_is_made_all_the_same(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "fails.py"
    program.write_text("raise SystemExit(1)")
    monkeypatch.setattr(virtualenv, "_PROGRAM", program)
    with virtualenv.made_ahead(tmp_path / "a", recipe, cache=tmp_path / "kept"):
        pass
    assert isinstance(look_at(make_environment(tmp_path / "a", recipe, cache=tmp_path / "kept").path), Sound)


@pytest.mark.usefixtures("unloaded")
def test_a_process_that_cannot_be_started_leaves_nothing(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtualenv, "running_interpreter", lambda: tmp_path / "none")
    with virtualenv.made_ahead(tmp_path / "a", recipe, cache=tmp_path / "kept") as is_begun:
        assert not is_begun
    assert [] == list((tmp_path / "kept").iterdir())


@pytest.mark.usefixtures("unloaded")
def test_beside_kept_ones_that_nobody_here_can_look_at_nothing_is_made_ahead(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise PermissionError

    monkeypatch.setattr(type(tmp_path), "is_dir", refuse)
    with virtualenv.made_ahead(tmp_path / "a", recipe, cache=tmp_path / "closed") as is_begun:
        assert not is_begun


@pytest.mark.usefixtures("unloaded")
def test_of_an_interpreter_that_is_gone_nothing_is_made_ahead(recipe: Recipe, tmp_path: Path) -> None:
    gone = replace(recipe, interpreter=replace(recipe.interpreter, executable=tmp_path / "gone"))
    with virtualenv.made_ahead(tmp_path / "a", gone, cache=tmp_path / "kept") as is_begun:
        assert not is_begun


def test_what_killed_commands_have_left_beside_kept_ones_is_swept_away(recipe: Recipe, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    make_environment(tmp_path / "a", recipe, cache=kept)
    left, fresh = kept / "environment-old", kept / "environment-new"
    for path in (left, fresh):
        path.mkdir()
    os.utime(left, (time.time() - 7200,) * 2)
    make_environment(tmp_path / "b", recipe, cache=kept)
    assert not left.exists()
    assert fresh.exists()


def is_key(name: str) -> bool:
    return set(name) <= set("0123456789abcdef")
