"""Reads conda's `environment.yml`: the part that pip installs, and the version of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.plain_yaml import Item, UnknownYaml, read_plain_yaml
from chapbook_core.commands.import_formats.requirements_file import read_requirements
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.import_formats.harvest import Harvest

_MATCH = late_pattern(r"(?:[\w.-]+(?:/[\w.-]+)?::)?(?P<name>[\w.-]+)\s*(?P<version>.*)")
_OWN = frozenset({"pip", "python", "setuptools", "wheel"})


def read_environment(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with what pip installs; what conda installs is named and left."""
    try:
        document = read_plain_yaml(text)
    except UnknownYaml as unknown:
        harvest.mistake(file, str(unknown), line=unknown.line)
        return
    dependencies = document.get("dependencies")
    if dependencies is None:
        harvest.mistake(file, "it has no `dependencies`", hint="name the format with `--from` if it is another one")
        return
    for item in dependencies.items:
        if item.items or item.text == "pip:":
            _nested(item, file, harvest)
    _tell_conda(dependencies.items, file, harvest)


def _nested(item: Item, file: Path, harvest: Harvest) -> None:
    if item.text != "pip":
        harvest.remark(file, f"the list `{item.text}` is not taken over", item.line)
        return
    # Each entry stays in its line, so that mistakes are told with the right one.
    lines = [""] * max(entry.line for entry in item.items)
    for entry in item.items:
        lines[entry.line - 1] = entry.text
    read_requirements("\n".join(lines), file, harvest)


def _tell_conda(items: tuple[Item, ...], file: Path, harvest: Harvest) -> None:
    left = []
    for item in items:
        match = None if item.items else _MATCH.fullmatch(item.text)
        if match is None:
            continue
        if match["name"] == "python" and match["version"]:
            harvest.remark(file, f"it is for Python {match['version'].strip('= ')}", item.line)
        elif match["name"] not in _OWN:
            left.append(item.text)
    if left:
        harvest.remark(
            file,
            f"not taken over, as conda names packages in its own way: {', '.join(left)}; add them by `chapbook add`",
        )
