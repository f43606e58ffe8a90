"""Which interpreter a project gets; nothing is looked for or run here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.requirements.constraint import Constraint

_ASKED = late_pattern(
    r"(?P<name>python|cpython|pypy|graalpy)?-?(?P<version>[0-9]+(?:\.[0-9]+){0,2}(?:(?:a|b|rc)[0-9]+)?)?(?P<free>t)?",
    re.ASCII | re.IGNORECASE,
)
_MOST_SHOWN = 12


class NoFittingInterpreter(ChapbookError):
    """No Python of this machine is what is wanted."""

    def __init__(self, message: str, found: Sequence[Interpreter]) -> None:
        self.found = tuple(found)
        super().__init__(message, hints=[_listed(found), "install one, or name its program: `chapbook env use PATH`"])


class InterpreterDoesNotFit(ChapbookError):
    """The Python that was asked for is not one of those that the project allows."""

    def __init__(self, interpreter: Interpreter, python: Constraint) -> None:
        self.interpreter = interpreter
        super().__init__(
            f"{interpreter.pretty_name} in `{interpreter.executable}` is none of the Pythons "
            f"that the project allows: {python}",
            hints=["name another one, or change `requires-python` in `pyproject.toml`"],
        )


def choose(found: Iterable[Interpreter], python: Constraint, preferred: tuple[int, int]) -> Interpreter:
    """Return the best interpreter that the project allows: of the preferred minor version, else the newest.

    Among those of one version the first found wins, finals come before pre-releases, and builds with the global lock,
    which more packages are made for, before those without. Raises NoFittingInterpreter.
    """
    everything = tuple(found)
    fitting = [interpreter for interpreter in everything if python.allows(interpreter.version)]
    if not fitting:
        raise NoFittingInterpreter(f"no Python of this machine fits the project, which allows `{python}`", everything)
    return _best(fitting, preferred)


def pick(asked: str, found: Iterable[Interpreter], python: Constraint, preferred: tuple[int, int]) -> Interpreter:
    """Return the best interpreter of an asked version, as in `3.12`, `3.13t`, `pypy3.10`.

    Raises NoFittingInterpreter when there is none, and InterpreterDoesNotFit when the project does not allow it.
    """
    everything = tuple(found)
    matching = [interpreter for interpreter in everything if is_asked(asked, interpreter)]
    if not matching:
        raise NoFittingInterpreter(f"no Python of this machine is `{asked}`", everything)
    fitting = [interpreter for interpreter in matching if python.allows(interpreter.version)]
    if not fitting:
        raise InterpreterDoesNotFit(_best(matching, preferred), python)
    return _best(fitting, preferred)


def names_version(asked: str) -> bool:
    """Tell whether a text asks for a version, rather than naming a program."""
    match = _ASKED.fullmatch(asked)
    return match is not None and match["version"] is not None


def is_asked(asked: str, interpreter: Interpreter) -> bool:
    """Tell whether an interpreter is of the asked version."""
    match = _ASKED.fullmatch(asked)
    if match is None or match["version"] is None:
        return False
    name = (match["name"] or "python").lower()
    is_named = name in {"python", interpreter.implementation}
    version = match["version"]
    starts = interpreter.version == version or interpreter.version.startswith(f"{version}.")
    # `3.14` means a candidate of 3.14.0 too, when there is nothing else.
    return is_named and starts and (match["free"] is None or interpreter.build.is_free_threaded)


def _listed(found: Sequence[Interpreter]) -> str:
    """Return the Pythons of a machine, each once and on a line of its own, the newest first."""
    if not found:
        return "none was found at all"
    # One installation has several programs where they are no links.
    each: dict[object, Interpreter] = {}
    for one in found:
        each.setdefault((one.prefix, one.pretty_name, one.build.is_debug), one)
    ordered = sorted(each.values(), key=lambda one: version_key(one.version), reverse=True)
    shown, left = ordered[:_MOST_SHOWN], ordered[_MOST_SHOWN:]
    width = max(len(one.pretty_name) for one in shown)
    lines = [f"  {one.pretty_name:{width}}  {one.executable}" for one in shown]
    more = [f"  and {len(left)} more"] if left else []
    return "\n".join(["the Pythons of this machine are:", *lines, *more])


def _best(fitting: Sequence[Interpreter], preferred: tuple[int, int]) -> Interpreter:
    # `max` keeps the first of equals.
    return max(
        fitting,
        key=lambda one: (
            one.implementation == "cpython",
            not one.is_prerelease,
            not one.build.is_free_threaded,
            one.minor == preferred,
            version_key(one.version),
        ),
    )
