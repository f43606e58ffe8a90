"""From the global options of a call to the surroundings that its command runs in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chapbook_core.commands.words import Manner


_YES = frozenset({"1", "true", "yes", "on"})


def surroundings_of(
    manner: Manner,
    folder: Path,
    variables: Mapping[str, str],
    home: Path,
    leave_behind: Callable[[Sequence[str], Path], None] | None = None,
) -> Surroundings:
    """Return where a command runs that was called in a folder; who is asked is the front end's to add."""
    start = _folder(folder, manner.directory, "--directory") if manner.directory else folder
    return Surroundings(
        folder=start,
        variables=variables,
        home=home,
        python=sys.version_info[:2],
        project=_folder(start, manner.project, "--project") if manner.project else None,
        cache=manner.cache and not is_set(variables, "NO_CACHE"),
        leave_behind=leave_behind,
    )


def may_ask(manner: Manner, variables: Mapping[str, str]) -> bool:
    """Tell whether the person is to be asked anything."""
    return manner.interactive and not is_set(variables, "NO_INTERACTION")


def is_set(variables: Mapping[str, str], name: str) -> bool:
    """Tell whether a flag is set that Poetry knows too."""
    texts = (variables.get(f"CHAPBOOK_{name}"), variables.get(f"POETRY_{name}"))
    return any(text is not None and text.lower() in _YES for text in texts)


def _folder(start: Path, text: str, option: str) -> Path:
    folder = start / Path(text).expanduser()
    if not folder.is_dir():
        raise UsageError(f"`{option}` names no folder: {text}")
    return folder.absolute()
