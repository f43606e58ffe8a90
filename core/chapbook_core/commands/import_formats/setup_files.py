"""Reads what setuptools was told before there were project files: `setup.cfg`, and the plain words of `setup.py`."""

from __future__ import annotations

import ast
from configparser import ConfigParser, Error
from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.pip_requirement import read_pip_requirement
from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.name import is_valid_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chapbook_core.commands.import_formats.harvest import Harvest

_FROM_FILE = "file:"
_KEYWORDS = ("python_requires", "install_requires", "extras_require")


def read_setup_cfg(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with what `[options]` requires."""
    parser = ConfigParser(interpolation=None, delimiters=("=",))
    try:
        parser.read_string(text)
    except Error as error:
        harvest.mistake(file, f"it is not written as a `setup.cfg` is: {error.message.splitlines()[0]}")
        return
    if python := parser.get("options", "python_requires", fallback="").strip():
        _take_python(python, file, harvest)
    lists = {"": parser.get("options", "install_requires", fallback="")}
    if parser.has_section("options.extras_require"):
        lists |= dict(parser.items("options.extras_require"))
    for extra, listed in lists.items():
        if listed.strip().startswith(_FROM_FILE):
            name = listed.strip().removeprefix(_FROM_FILE).strip()
            harvest.remark(file, f"what it requires is in {name}: import that too")
            continue
        # Markers have semicolons of their own, and then each requirement has a line.
        lines = listed.splitlines() if "\n" in listed.strip() else listed.split(";")
        _take(lines, extra, file, harvest)


def read_setup_script(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with what `setup` is called with, where that can be told without running it."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        harvest.mistake(file, "it is not Python", hint="add what it requires by `chapbook add`")
        return
    for keyword in _given(tree):
        try:
            value = ast.literal_eval(keyword.value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            message = f"only running it tells its `{keyword.arg}`"
            hint = "import the file that it reads, or add what it requires by `chapbook add`"
            harvest.mistake(file, message, line=keyword.value.lineno, hint=hint)
            continue
        match keyword.arg, value:
            case "python_requires", str():
                _take_python(value, file, harvest)
            case "install_requires", list() | tuple() | set() | str() | None:
                _take(_lines(value), "", file, harvest)
            case "extras_require", dict():
                for extra, listed in value.items():
                    _take(_lines(listed), str(extra), file, harvest)
            case _:
                message = f"its `{keyword.arg}` is nothing that setuptools understands"
                harvest.mistake(file, message, line=keyword.value.lineno)


def _lines(value: object) -> list[str]:
    """Return what setuptools takes for a list: a text with a line for each, or any number of such."""
    texts = value if isinstance(value, list | tuple | set) else [] if value is None else [value]
    return [line for text in texts for line in str(text).splitlines()]


def _given(tree: ast.Module) -> list[ast.keyword]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [
        keyword
        for call in calls
        if (call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")) == "setup"
        for keyword in call.keywords
        if keyword.arg in _KEYWORDS
    ]


def _take_python(text: str, file: Path, harvest: Harvest) -> None:
    harvest.remark(file, f"it is for Python {text}")
    harvest.pythons.append(text)


def _take(texts: Iterable[str], extra: str, file: Path, harvest: Harvest) -> None:
    # `tests:python_version < "3.11"` is an extra with a condition, in a form that is long out of use.
    name, _, condition = extra.partition(":")
    if name and not is_valid_name(name):
        harvest.mistake(file, f"`{name}` is not the name of an extra")
        return
    for text in (text.partition(" #")[0].strip() for text in texts):
        if not text or text.startswith("#"):
            continue
        try:
            read = read_pip_requirement(f"{text} ; {condition}" if condition else text, file.parent)
        except ChapbookError as error:
            harvest.mistake(file, error.message, place=name, hint=error.hints[0] if error.hints else "")
            continue
        harvest.wish(read.requirement, extra=name or None)
