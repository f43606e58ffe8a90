"""One file of settings: Poetry's `config.toml`, `auth.toml` or `poetry.toml`, or our own of the same form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError, FileMistakes
from chapbook_core.project.small_file import read_small
from chapbook_core.project.toml_mistake import UNREADABLE, toml_mistake
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chapbook_core.project.toml_text import Value

PRIVATE = 0o600


@frozen
class ConfigFile:
    """The settings in a file; none when there is no such file."""

    file: Path
    data: Mapping[str, object]

    def get(self, path: tuple[str, ...]) -> object:
        """Return what stands at a path, or None."""
        value: object = self.data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value


def read_config_file(file: Path) -> ConfigFile:
    """Read a file of settings; raises FileMistakes when it is not TOML."""
    content = _content(file)
    if not content:
        return ConfigFile(file, {})
    # Most people have no such file, and it takes a start a twentieth of its time.
    import tomllib

    try:
        return ConfigFile(file, tomllib.loads(content.decode()))
    except UNREADABLE as error:
        raise FileMistakes(file, [toml_mistake(error, content)]) from None


def change_config_file(file: Path, path: tuple[str, ...], value: Value | None, *, is_private: bool) -> None:
    """Write one setting into a file, or remove it for None; comments and order stay. Raises WriteFailed."""
    # Imported here because reading settings, which every command does, needs no editor.
    from chapbook_core.project.toml_editor import TomlEditor
    from chapbook_core.project.writing import write_file

    before = read_config_file(file)
    editor = TomlEditor(_content(file).decode())
    if value is None:
        if before.get(path) is None:
            return
        editor.remove(path, prune=True)
        for length in range(len(path) - 1, 0, -1):
            editor.remove_if_empty(path[:length])
    else:
        editor.set(path, value)
    _make_folder(file.parent, is_private=is_private)
    write_file(file, editor.text.encode(), mode=PRIVATE if is_private else None)


def _content(file: Path) -> bytes:
    try:
        return read_small(file)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as cause:
        raise ChapbookError(f"cannot read `{file}`: {cause.strerror or cause}") from cause


def _make_folder(folder: Path, *, is_private: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700 if is_private else 0o777)
    except OSError as cause:
        raise ChapbookError(f"cannot make the folder `{folder}`: {cause.strerror or cause}") from cause
