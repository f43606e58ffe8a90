"""First look: what a command reads of its project before it understands any of it, and each file only once."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.installer.condition_key import content_digest
from chapbook_core.project.discovery import PROJECT_FILE, find_project_file
from chapbook_core.project.settings import read_settings
from chapbook_core.project.small_file import read_small

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.project.settings import Settings


class FirstLook:
    """A project as it was when the command that holds it began; what the command writes it has to know itself."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._contents: dict[str, bytes] = {}
        self._digests: dict[str, bytes] = {}

    @cached_property
    def folder(self) -> Path:
        """The folder of the project; raises ProjectNotFound and ProjectUnreadable."""
        folder, content = find_project_file(self._surroundings.start)
        self._contents[os.path.join(folder, PROJECT_FILE)] = content  # noqa: PTH118  paths are dearer
        return folder

    @cached_property
    def settings(self) -> Settings:
        """The settings that count for it; raises FileMistakes."""
        surroundings = self._surroundings
        return read_settings(self.folder, variables=surroundings.variables, home=surroundings.home)

    def content(self, file: str | PathLike[str]) -> bytes:
        """Return what a file held when it was asked for first; one that was not there is looked for again.

        Raises OSError.
        """
        name = os.fspath(file)
        known = self._contents.get(name)
        if known is None:
            known = self._contents[name] = read_small(name)
        return known

    def digest(self, file: str) -> bytes:
        """Return what stands for the content of a file in the key of a condition; raises OSError."""
        known = self._digests.get(file)
        if known is None:
            known = self._digests[file] = content_digest(self.content(file))
        return known
