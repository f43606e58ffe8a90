"""What Chapbook writes into an environment about itself: for which place it was made, and what was put into it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.project.patience import patiently
from chapbook_core.project.small_file import read_small, write_small
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STATE_FOLDER = ".chapbook"
"""Holds what is Chapbook's own in an environment: this file, and what a change needs until it is done."""
_FILE = "state.json"
_OWNER = "chapbook"


@frozen
class State:
    """What is known of an environment that Chapbook made or has changed."""

    path: Path
    """Where the environment was when this was written."""
    made_here: bool = False
    """Whether Chapbook made it, rather than only changed it."""
    fingerprint: str | None = None
    """Names what was last put into it, in full; None when it was never filled, or when that was not finished."""
    leaving: tuple[str, ...] = ()
    """Distributions that are to be taken out when the environment is changed next."""
    waiting: tuple[str, ...] = ()
    """Distributions that are to be replaced then."""
    projects: tuple[Path, ...] = ()
    """The projects that may change it, the first to have done so before the others; itself in none of their folders."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Folders that packages were built from, and what tells whether these are what they were."""

    @property
    def is_postponed(self) -> bool:
        """Whether something is still to come."""
        return bool(self.leaving or self.waiting)


def state_file(environment: Path | str) -> str:
    """Return where the state of an environment stands."""
    return f"{environment}/{STATE_FOLDER}/{_FILE}"


def read_state(environment: Path) -> State | None:
    """Return the state of an environment; None when there is none, or none that can be read."""
    try:
        return _parsed(read_small(state_file(environment)))
    except (OSError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=8)
def _parsed(content: bytes) -> State | None:
    """Return what the file says, which each change reads several times; raises ValueError and RecursionError."""
    match json.loads(content):
        case {"owner": "chapbook", "path": str(path), **rest} if _is_path(path):
            fingerprint = rest.get("fingerprint")
            return State(
                path=Path(path),
                made_here=rest.get("made-here") is True,
                fingerprint=fingerprint if isinstance(fingerprint, str) else None,
                leaving=_texts(rest.get("leaving")),
                waiting=_texts(rest.get("waiting")),
                projects=tuple(map(Path, filter(_is_path, _texts(rest.get("projects"))))),
                folders=_table(rest.get("folders")),
            )
        case _:
            return None


def _is_path(text: str) -> bool:
    """Tell whether the system takes a text for a path, wherever that leads."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()


def _table(value: object) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {key: text for key, text in pairs if isinstance(text, str)}


def write_state(environment: Path, state: State) -> None:
    """Write the state; it is at every moment the old one or the new one.

    After a power cut it may be missing, which only means that the environment is looked at anew: waiting for the disk
    would take longer than making the environment.
    """
    content = {
        "owner": _OWNER,
        "path": str(state.path),
        "made-here": state.made_here,
        "fingerprint": state.fingerprint,
        **({"leaving": list(state.leaving)} if state.leaving else {}),
        **({"waiting": list(state.waiting)} if state.waiting else {}),
        **({"projects": list(map(str, state.projects))} if state.projects else {}),
        **({"folders": dict(state.folders)} if state.folders else {}),
    }
    folder = f"{environment}/{STATE_FOLDER}"
    temporary = f"{folder}/{_FILE}.{os.urandom(4).hex()}.tmp"
    try:
        # Each change does this, and a path takes as long to make as such a file to write.
        with suppress(FileExistsError):
            os.mkdir(folder)  # noqa: PTH102  as said
        write_small(temporary, json.dumps(content).encode())
        patiently(lambda: os.replace(temporary, f"{folder}/{_FILE}"))  # noqa: PTH105  as said
    except OSError as cause:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108  as said
        raise ChapbookError(f"cannot write in `{folder}`: {cause.strerror or cause}") from cause


def set_fingerprint(environment: Path, fingerprint: str | None) -> None:
    """Note what is in an environment from here on; None before a change begins."""
    before = read_state(environment) or State(environment)
    write_state(environment, replace(before, path=_real(environment), fingerprint=fingerprint))


def note_folders(environment: Path, folders: Mapping[str, str]) -> None:
    """Note which folders have a say in whether anything is to be done."""
    before = read_state(environment) or State(environment)
    if before.folders != folders:
        write_state(environment, replace(before, folders=folders))


def postpone(environment: Path, leaving: Iterable[str], waiting: Iterable[str] = ()) -> None:
    """Note that a change is still to come, which distributions go with it, and which are replaced."""
    before = read_state(environment) or State(environment)
    gone = tuple(sorted({*before.leaving, *leaving}))
    others = tuple(sorted({*before.waiting, *waiting}))
    write_state(environment, replace(before, path=_real(environment), fingerprint=None, leaving=gone, waiting=others))


def _real(environment: Path) -> Path:
    """Return the place of an environment itself: another project may have reached it through a link of its own."""
    return Path(os.path.realpath(environment))


def forget_postponed(environment: Path) -> None:
    """Note that nothing is left to come."""
    before = read_state(environment)
    if before is not None and before.is_postponed:
        write_state(environment, replace(before, leaving=(), waiting=()))


def was_moved(environment: Path, state: State) -> bool:
    """Tell whether the environment is somewhere else than it was, so that its scripts name what is not there."""
    if str(environment) == str(state.path):
        return False
    return os.path.realpath(environment) != os.path.realpath(state.path)
