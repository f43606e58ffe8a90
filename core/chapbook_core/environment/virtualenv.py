"""Making environments with virtualenv, most of them by writing anew what it made once."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.discovery import running_interpreter
from chapbook_core.environment.environment import Environment, read_environment
from chapbook_core.environment.maker import MAKER, EnvironmentNotMade, Recipe, application_data, words_for
from chapbook_core.environment.pristine import (
    FORMAT,
    MADE_IN,
    PROMPT,
    TEMPLATE,
    Pristine,
    describe_pristine,
    is_plain,
    read_pristine,
)
from chapbook_core.environment.state import State, write_state
from chapbook_core.environment.workshop import (
    PREFIX,
    attended,
    discard,
    is_occupied,
    new_place,
    open_workshop,
    or_brought_back,
    put,
    remove_from,
    renamed_away,
    sweep,
)
from chapbook_core.errors import ChapbookError
from chapbook_core.process_group import kill_group
from chapbook_core.project.last_use import note_use
from chapbook_core.project.removal import remove_folder
from chapbook_core.project.writing import ways_out

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

_PROGRAM = Path(__file__).with_name("virtualenv_program.py")
_PATIENCE = 30.0
"""Seconds that one made ahead may take when all else is done."""


def make_environment(path: Path, recipe: Recipe, *, cache: Path | None) -> Environment:
    """Make an environment, in place of one that is there; whether that may go is the caller's to know.

    It appears whole or not at all. `cache` is a folder that keeps pristine environments and what virtualenv knows of
    interpreters; without one both are found out each time. Raises EnvironmentNotMade.
    """
    try:
        with open_workshop(path) as workshop:
            staged = new_place(workshop)
            pristine = _pristine(recipe, cache) if _can_be_written(path, recipe) else None
            if pristine is None or not _written(pristine, staged, path, recipe.prompt):
                return _made_in_place(path, recipe, cache, workshop)
            write_state(staged, State(path, made_here=True))
            put(staged, path, workshop)
    except OSError as cause:
        raise EnvironmentNotMade(path, cause.strerror or str(cause), ways_out(cause)) from cause
    return _require(path)


@contextmanager
def made_ahead(path: Path, recipe: Recipe, *, cache: Path | None) -> Iterator[bool]:
    """Let another process do meanwhile what takes `make_environment` a fifth of a second; tell whether there is that.

    Only the first environment of an interpreter needs it. It is a help and no more: what goes wrong there is left to
    `make_environment`, which does it anew.
    """
    kept = _lacking(path, recipe, cache)
    if kept is None:
        yield False
        return
    with _making(kept.parent) as making:
        process = None if making is None else _begun(making, recipe, kept.parent)
        MAKER.miss()
        try:
            yield process is not None
            if making is not None and process is not None and _has_succeeded(process):
                # Somebody else may have been faster, which is as good.
                with suppress(OSError):
                    describe_pristine(making)
                    making.rename(kept)
        finally:
            if process is not None:
                _end(process)


def remove_environment(path: Path) -> None:
    """Remove an environment; whether it may go is the caller's to know. Raises ChapbookError."""
    try:
        with open_workshop(path) as workshop:
            remove_from(path, workshop)
    except OSError as cause:
        hints = (
            ("close the programs and kernels that run in it, and try again",) if os.name == "nt" else ways_out(cause)
        )
        raise ChapbookError(f"cannot remove `{path}`: {cause.strerror or cause}", hints=hints) from cause


def clear_environment(path: Path) -> None:
    """Remove what was made in a place where there was nothing, or an empty folder, which stays."""
    with suppress(OSError), open_workshop(path) as workshop:
        if os.path.ismount(path):
            for part in path.iterdir():
                discard(part)
        else:
            remove_from(path, workshop)


@contextmanager
def set_aside(path: Path) -> Iterator[None]:
    """Let another environment come into the place of one; that comes back when an error ends this, and else goes.

    Raises EnvironmentNotMade.
    """
    with open_workshop(path) as workshop:
        try:
            aside = renamed_away(path, workshop)
        except OSError as cause:
            raise EnvironmentNotMade(path, cause.strerror or str(cause), ways_out(cause)) from cause
        with or_brought_back(aside, path):
            yield
        # What cannot go, as a program in use on Windows, is swept away another time.
        with suppress(OSError):
            discard(aside)


def _require(path: Path) -> Environment:
    environment = read_environment(path)
    if environment is None:
        raise EnvironmentNotMade(path, "virtualenv made something else")
    return environment


# virtualenv


def _can_be_written(path: Path, recipe: Recipe) -> bool:
    # The scripts that come with pip hold the path in further ways.
    return not recipe.pip and is_plain(str(path)) and is_plain(recipe.prompt)


def _written(pristine: Pristine, staged: Path, path: Path, prompt: str) -> bool:
    try:
        pristine.write(staged, path=path, prompt=prompt)
    except ValueError:
        discard(staged)
        remove_folder(pristine.folder)
        return False
    except OSError:
        with suppress(OSError):
            discard(staged)
        raise
    return True


def _pristine(recipe: Recipe, cache: Path | None) -> Pristine | None:
    """Return the pristine environment of an interpreter, made when there is none; None where it cannot be kept."""
    if cache is None or not is_plain(str(cache)):
        return None
    kept = cache / _key(recipe)
    pristine = read_pristine(kept)
    if pristine is not None:
        note_use(kept / TEMPLATE)
        # Of those that were killed while they, or another process for them, made this one.
        with suppress(OSError):
            sweep(cache, cache)
        return pristine
    with _making(cache) as making:
        if making is None:
            return None
        MAKER.make(making / MADE_IN, recipe, PROMPT, cache)
        described = describe_pristine(making)
        for _ in range(2):
            with suppress(OSError):
                making.rename(kept)
                return read_pristine(kept)
            # Somebody else may have been faster, which is as good; else what stands there is damaged.
            if (found := read_pristine(kept)) is not None:
                return found
            with suppress(OSError):
                kept.rename(making.with_name(f"{making.name}-damaged"))
        return described


def _lacking(path: Path, recipe: Recipe, cache: Path | None) -> Path | None:
    """Return where a pristine environment is to be kept that another process is worth to be started for, if any."""
    # Where virtualenv is loaded already, it takes no longer than to start a process that has to load it.
    is_worth_it = not MAKER.is_at_hand and _can_be_written(path, recipe)
    if cache is None or not is_worth_it or not is_plain(str(cache)):
        return None
    try:
        kept = cache / _key(recipe)
        return None if kept.is_dir() else kept
    except OSError:
        return None


@contextmanager
def _making(cache: Path) -> Iterator[Path | None]:
    """Provide an empty folder to make one in; a cache that cannot be written is no reason to make none."""
    with ExitStack() as closed:
        making = None
        with suppress(OSError):
            cache.mkdir(parents=True, exist_ok=True)
            closed.enter_context(attended(cache, cache))
            making = Path(tempfile.mkdtemp(prefix=PREFIX, dir=cache))
            closed.callback(remove_folder, making)
        yield making


def _begun(making: Path, recipe: Recipe, cache: Path) -> subprocess.Popen[bytes] | None:
    """Start a process that makes one, of the Python that ours was made from: mostly it is also what is asked for."""
    # Only before the first environment of an interpreter.
    import subprocess

    words = [*words_for(making / MADE_IN, recipe, PROMPT), "--app-data", str(application_data(cache))]
    try:
        return subprocess.Popen(  # noqa: S603  a list of words, no shell
            [running_interpreter(), "-I", "-S", _PROGRAM, json.dumps([words, sys.path])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None


def _has_succeeded(process: subprocess.Popen[bytes]) -> bool:
    from subprocess import TimeoutExpired  # loaded by what has started it

    try:
        return process.wait(_PATIENCE) == 0
    except TimeoutExpired:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        kill_group(process)
    process.wait()


def _key(recipe: Recipe) -> str:
    """Name what a pristine environment depends on; virtualenv itself is looked at without being imported."""
    # Only when an environment is made.
    import hashlib
    from importlib.util import find_spec

    program = recipe.interpreter.executable
    files = [program]
    found = find_spec("virtualenv")
    if found is not None and found.origin is not None:
        files.append(Path(found.origin).with_name("version.py"))
    stamps = [(str(file), (status := file.stat()).st_mtime_ns, status.st_size) for file in files]
    facts = (FORMAT, recipe.interpreter.version, recipe.always_copy, recipe.system_site_packages, *stamps)
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _made_in_place(path: Path, recipe: Recipe, cache: Path | None, workshop: Path) -> Environment:
    """Have virtualenv make it where it stays, because its scripts could not be written for another path."""
    trash = renamed_away(path, workshop) if is_occupied(path) else None
    with or_brought_back(trash, path):
        MAKER.make(path, recipe, recipe.prompt, cache)
        write_state(path, State(path, made_here=True))
    if trash is not None:
        discard(trash)
    return _require(path)
