"""Where the environments of a project are: in its folder, or beside those of other projects as Poetry names them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.digest import sha256
from chapbook_core.pattern import late_pattern
from chapbook_core.project.config_file import change_config_file, read_config_file
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

VENV = ".venv"
_SELECTIONS = "envs.toml"
_UNWANTED = late_pattern(r'[ $`!*@"\\\r\n\t]')
_LONGEST_NAME = 42
_HASH_LENGTH = 8
_UNNAMED = "virtualenv"


@frozen
class Place:
    """The place of one project's environments."""

    project: Path
    """The project's folder."""
    name: str
    """The project's name, or what stands for it."""
    central: Path | None = None
    """The folder of everybody's environments; None when this project's is in its own folder."""

    @property
    def stem(self) -> str:
        """What the names of the project's environments in the central folder begin with, which Poetry finds too."""
        # Only where environments are kept apart from projects.
        import base64

        folder = os.path.normcase(os.path.realpath(self.project))
        digest = base64.urlsafe_b64encode(sha256(os.fsencode(folder)).digest()).decode()[:_HASH_LENGTH]
        return f"{_UNWANTED.sub('_', self.name.lower())[:_LONGEST_NAME]}-{digest}"

    def path(self, python_version: str) -> Path:
        """Return where the environment of a minor version is, or will be."""
        if self.central is None:
            return self.project / VENV
        return self.central / f"{self.stem}-py{python_version}"

    def present(self, python_version: str) -> Path:
        """Return where the environment is that the project uses: the selected one, else that of a minor version.

        When that is not there and the project has one other, it is that one.
        """
        selected = self.selected()
        path = self.path(selected or python_version)
        if selected is None and not os.path.lexists(path):
            existing = self.existing()
            if len(existing) == 1:
                return existing[0]
        return path

    def existing(self) -> tuple[Path, ...]:
        """Return the project's environments, or what stands in their places."""
        if self.central is None:
            return (self.project / VENV,) if os.path.lexists(self.project / VENV) else ()
        beginning = f"{self.stem}-py"
        try:
            return tuple(sorted(path for path in self.central.iterdir() if path.name.startswith(beginning)))
        except OSError:
            return ()

    def selected(self) -> str | None:
        """Return the minor version that a person has selected; None when nobody has, or there is but one place."""
        if self.central is None:
            return None
        minor = read_config_file(self.central / _SELECTIONS).get((self.stem, "minor"))
        return minor if isinstance(minor, str) and minor else None

    def select(self, version: str) -> None:
        """Make the environment of a full version the one that the project uses; Poetry reads the same file."""
        if self.central is None:
            return
        minor = ".".join(version.split(".")[:2])
        for key, value in (("minor", minor), ("patch", version)):
            change_config_file(self.central / _SELECTIONS, (self.stem, key), value, is_private=False)

    def forget(self) -> None:
        """Forget what was selected."""
        if self.central is not None and self.selected() is not None:
            for key in ("minor", "patch"):
                change_config_file(self.central / _SELECTIONS, (self.stem, key), None, is_private=False)


def place_of(project: Path, name: str | None, central: Path | None) -> Place:
    """Return the place of a project, which need not have a name."""
    return Place(project, name or _UNNAMED, central)
