"""Reads what notebooks and scripts install: `%pip`, `!pip` and inline script metadata."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from itertools import takewhile
from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.pip_requirement import read_pip_requirement
from chapbook_core.commands.import_formats.requirements_file import read_requirements
from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.source import Priority
from chapbook_core.project.toml_mistake import UNREADABLE, toml_mistake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.import_formats.harvest import Harvest

_PIP = late_pattern(
    r"""\s*(?:\#\s*)?(?:
        [%!]{1,2}\s*(?:uv\s+)?pip[\d.]*
        | !{1,2}\s*"?(?:\{sys\.executable\}|[\w./-]*python[\d.]*)"?\s+-m\s+pip
    )\s+install\s+(?P<words>.*)""",
    re.VERBOSE,
)
_ADD = late_pattern(r"\s*(?:#\s*)?[%!]{1,2}\s*(?:uv|poetry)\s+add\s+(?P<words>.*)")
_CONDA = late_pattern(r"\s*[%!]{1,2}\s*(?:conda|mamba|micromamba)\s+install\s+(?P<words>.*)")
_SHELL = late_pattern(r"\s(?:&&|\|\||;|\||>|2>).*$")
_WITH_VALUE = frozenset(
    {
        *("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url"),
        *("-f", "--find-links", "-t", "--target", "--prefix", "--root", "--src", "--trusted-host", "--python"),
        *("--upgrade-strategy", "--no-binary", "--only-binary", "--progress-bar", "--proxy", "--timeout", "--log"),
        *("--retries", "--cache-dir", "--platform", "--python-version", "--implementation", "--abi", "--cert"),
    }
)


def read_notebook(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with what the code cells of a notebook install."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        harvest.mistake(file, "it is not JSON, as notebooks are", line=line)
        return
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        harvest.mistake(file, "it has no cells", hint="save it anew with Jupyter, in the format 4")
        return
    for number, cell in enumerate(cells, start=1):
        if isinstance(cell, dict) and cell.get("cell_type") in ("code", "raw"):
            source = cell.get("source", "")
            code = "".join(map(str, source)) if isinstance(source, list) else str(source)
            _Code(file, harvest, f"cell {number}").read(code)


def read_script(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with the inline metadata of a script, and with what its cells install."""
    _Code(file, harvest, "").read(text)


class _Code:
    """Reads the code of one cell, or of a script."""

    def __init__(self, file: Path, harvest: Harvest, place: str) -> None:
        self._file = file
        self._harvest = harvest
        self._place = place

    def read(self, code: str) -> None:
        self._metadata(code)
        for number, line in _logical_lines(code):
            if conda := _CONDA.match(line):
                self._remark(f"`conda install {conda['words'].strip()}` is not taken over", number)
            elif match := _PIP.match(line) or _ADD.match(line):
                self._install(match["words"], number)

    def _metadata(self, code: str) -> None:
        blocks = list(_metadata_blocks(code))
        if not blocks:
            return
        first, lines = blocks[0]
        if len(blocks) > 1:
            self._mistake("a script has one block of metadata, and here is another", blocks[1][0], "keep one")
            return
        content = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
        try:
            table = tomllib.loads(content)
        except UNREADABLE as error:
            self._mistake(f"the script metadata {toml_mistake(error, content.encode()).message}", first, "")
            return
        if isinstance(python := table.get("requires-python"), str):
            self._remark(f"it is for Python {python}", first)
            self._harvest.pythons.append(python)
        dependencies = table.get("dependencies", [])
        if not isinstance(dependencies, list):
            self._mistake("`dependencies` of the script metadata should be a list", first, "")
            return
        for text in dependencies:
            found = next((place for place, line in enumerate(lines) if str(text) in line), 0)
            self._requirement(str(text), first + 1 + found)

    def _install(self, words: str, number: int) -> None:
        """Read what stands behind `install`."""
        try:
            given = iter(shlex.split(_SHELL.sub("", f" {words}"), comments=True))
        except ValueError as error:
            self._mistake(f"`{words}`: {str(error).lower()}", number, "close the quotes")
            return
        for word in given:
            if not word.startswith("-"):
                self._requirement(word, number)
                continue
            name, has_value, value = word.partition("=")
            self._option(name, next(given, "") if name in _WITH_VALUE and not has_value else value, number)

    def _option(self, name: str, value: str, number: int) -> None:
        match name:
            case "-r" | "--requirement" | "-c" | "--constraint":
                self._refer(value, number, constraints=name in {"-c", "--constraint"})
            case "-e" | "--editable":
                self._requirement(value, number, editable=True)
            case "-i" | "--index-url":
                self._harvest.source(value, Priority.PRIMARY, self._file, line=self._line(number))
            case "--extra-index-url":
                self._harvest.source(value, Priority.SUPPLEMENTAL, self._file, line=self._line(number))
            case "-f" | "--find-links" | "--pre":
                self._remark(f"`{name}` is not taken over", number)
            case _:
                # How to install does not matter to what is required.
                return

    def _refer(self, name: str, number: int, *, constraints: bool) -> None:
        other = self._file.parent / name
        try:
            text = other.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"
            self._mistake(f"cannot read `{name}`: {reason}", number, "")
            return
        read_requirements(text, other, self._harvest, constraints=constraints)

    def _requirement(self, text: str, number: int, *, editable: bool = False) -> None:
        try:
            read = read_pip_requirement(text, self._file.parent, editable=editable)
        except ChapbookError as error:
            self._mistake(error.message, number, error.hints[0] if error.hints else "")
            return
        if not read.is_name_known:
            self._remark(f"the name `{read.requirement.pretty_name}` is guessed from the address", number)
        self._harvest.wish(read.requirement)

    def _line(self, number: int) -> int | None:
        return None if self._place else number

    def _where(self, number: int) -> str:
        return f"{self._place}, line {number}" if self._place else ""

    def _mistake(self, message: str, number: int, hint: str) -> None:
        self._harvest.mistake(self._file, message, line=self._line(number), place=self._where(number), hint=hint)

    def _remark(self, message: str, number: int) -> None:
        where = self._where(number)
        self._harvest.remark(self._file, f"{where}: {message}" if where else message, self._line(number))


def _metadata_blocks(code: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each block of script metadata (PEP 723): the number of its first line, and the lines inside."""
    lines = code.splitlines()
    for number, line in enumerate(lines):
        if line.rstrip() != "# /// script":
            continue
        inside = list(takewhile(lambda text: text == "#" or text.startswith("# "), lines[number + 1 :]))
        ends = [place for place, text in enumerate(inside) if text.rstrip() == "# ///"]
        if ends:
            # The last one ends it: TOML may hold a line that looks like an end.
            yield number + 1, inside[: ends[-1]]


def _logical_lines(code: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number, those that end in a backslash joined with the next."""
    joined, start = "", 1
    for number, line in enumerate(code.splitlines(), start=1):
        start = start if joined else number
        if line.rstrip().endswith("\\"):
            joined += line.rstrip()[:-1] + " "
            continue
        yield start, joined + line
        joined = ""
    if joined:
        yield start, joined
