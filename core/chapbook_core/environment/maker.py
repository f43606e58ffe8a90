"""The maker: virtualenv, told what to make in its own words, and loaded ahead where somebody will want it.

To load it and to find what it consists of takes a tenth of a second and more, to make an environment five milliseconds.
Most commands make one from what is kept of a former one, and never load it. A process that runs many commands can have
it at hand; it takes up eleven megabytes there, so it is for those who have made none yet, or more than one.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.discovery import running_interpreter
from chapbook_core.errors import ChapbookError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.environment.interpreter import Interpreter

SETTINGS = {"VIRTUALENV_CONFIG_FILE": os.devnull}
"""What a person has set for virtualenv elsewhere must not decide what a project gets."""
_SEEDS = ("--no-download", "--no-periodic-update")
"""How something is put into an environment; where nothing is, a seeder may be asked that knows none of these words."""
_APPLICATION_DATA = "virtualenv"
"""The folder in the cache for what virtualenv remembers."""
_MOST_WORDS = 600
_FAILURES = (RuntimeError, ValueError, LookupError, NotImplementedError)
_IN_A_MOMENT = 1.0
"""Seconds after which it is loaded for the next time: by then whoever waits for a command has its answer."""


@frozen
class Recipe:
    """What an environment is to be."""

    interpreter: Interpreter
    prompt: str
    always_copy: bool = False
    system_site_packages: bool = False
    pip: bool = False


class EnvironmentNotMade(ChapbookError):
    """The environment could not be made; what stood in its place stands there still."""

    def __init__(self, path: Path, reason: str, hints: Iterable[str] = ()) -> None:
        super().__init__(f"cannot make the environment `{path}`: {reason}", hints=hints)


class Maker:
    """Virtualenv in this process. It remembers the Pythons that it has asked, so one at a time deals with it."""

    def __init__(self) -> None:
        self._is_at_hand = False
        self._is_missed = False
        self._seen: dict[Path, tuple[int, int]] = {}
        self._lock = threading.Lock()

    @property
    def is_at_hand(self) -> bool:
        """Whether it is loaded, and has looked at what it consists of."""
        return self._is_at_hand

    def miss(self) -> None:
        """Note that it was wanted and not at hand."""
        self._is_missed = not self._is_at_hand

    def make(self, path: Path, recipe: Recipe, prompt: str, cache: Path | None) -> None:
        """Make an environment at a path; raises EnvironmentNotMade and OSError."""
        # A tenth of a second, unless it is at hand.
        from virtualenv import cli_run

        program = recipe.interpreter.executable
        if not program.exists():
            raise EnvironmentNotMade(path, f"`{program}` is not there any more")
        _let_nobody_handle_warnings()
        words = words_for(path, recipe, prompt)
        try:
            with self._lock, _application_data(cache) as folder:
                self._ask_anew(program)
                cli_run([*words, "--app-data", str(folder)], setup_logging=False, env=dict(SETTINGS))
                self._is_at_hand = True
        except SystemExit as cause:
            raise EnvironmentNotMade(path, f"virtualenv refused {recipe.interpreter.pretty_name}") from cause
        except _FAILURES as cause:
            raise EnvironmentNotMade(path, f"virtualenv: {str(cause)[:_MOST_WORDS]}") from cause

    def come(self) -> None:
        """Load virtualenv, and do all that comes before an environment of our own Python is made; none is."""
        # What cannot be done ahead is told to whoever wants it in earnest.
        with suppress(*_FAILURES, ImportError, OSError, SystemExit), self._lock:
            # As before an environment is made.
            import tempfile

            from python_discovery import PythonInfo
            from virtualenv import session_via_cli

            _let_nobody_handle_warnings()
            program = running_interpreter()
            self._ask_anew(program)
            PythonInfo.from_exe(str(program), env=SETTINGS)
            # Nothing is read or written there; it refuses a place that could not be written.
            place = tempfile.gettempdir()
            words = [*_words(Path(place, "none"), program), "--no-seed", "--read-only-app-data", "--app-data", place]
            session_via_cli(words, setup_logging=False, env=dict(SETTINGS))
            self._is_at_hand = True

    def come_in_a_moment(self) -> None:
        """Do so when nobody waits for anything, if it was missed."""
        if self._is_missed:
            self._is_missed = False
            timer = threading.Timer(_IN_A_MOMENT, self.come)
            timer.daemon = True
            timer.start()

    def _ask_anew(self, program: Path) -> None:
        """Have virtualenv ask a Python again that is not what it was; virtualenv itself looks at its file only once."""
        from python_discovery import PythonInfo  # loaded with virtualenv

        status = program.stat()
        traits = status.st_mtime_ns, status.st_size
        if self._seen.setdefault(program, traits) != traits:
            PythonInfo.from_exe(str(program), raise_on_error=False, ignore_cache=True, env=SETTINGS)
            self._seen[program] = traits


MAKER = Maker()
"""That of this process, since virtualenv and what it remembers are the process's."""


def words_for(path: Path, recipe: Recipe, prompt: str) -> list[str]:
    """Return what virtualenv is to be told."""
    words = [*_words(path, recipe.interpreter.executable), "--prompt", prompt]
    words += [*_SEEDS, "--pip", "embed", "--no-setuptools"] if recipe.pip else ["--no-seed"]
    words += ["--always-copy"] if recipe.always_copy else []
    words += ["--system-site-packages"] if recipe.system_site_packages else []
    return words


def application_data(cache: Path) -> Path:
    """Return the folder in the cache for what virtualenv remembers."""
    return cache / _APPLICATION_DATA


def _words(path: Path, program: Path) -> list[str]:
    return [str(path), "--python", str(program), "--discovery", "builtin"]


def _let_nobody_handle_warnings() -> None:
    """Else Python prints warnings that nobody handles, as that a path suits no script of some shell."""
    import logging  # loaded with virtualenv

    for name in ("virtualenv", "python_discovery"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


@contextmanager
def _application_data(cache: Path | None) -> Iterator[Path]:
    """Provide the folder for what virtualenv remembers; without a cache it remembers nothing."""
    if cache is not None:
        yield application_data(cache)
        return
    import tempfile  # loaded with virtualenv

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)
