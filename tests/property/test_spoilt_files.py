"""Whatever a file holds, its reader understands it or says what is wrong; what it understood it writes and reads alike.

`CHAPBOOK_TEST_EXAMPLES=20000` looks for longer.
"""

from __future__ import annotations

import json
import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from chapbook.magics.words import UnclosedQuote, cell_commands, expanded, split_words, without_comment
from chapbook_core.builder.notebook.hook.document import parse_document
from chapbook_core.builder.notebook.hook.mistake import NotebookMistake
from chapbook_core.errors import ChapbookError
from chapbook_core.index.metadata import Metadata, parse_metadata
from chapbook_core.index.page import parse_page
from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.record import read_rows, record_text
from chapbook_core.installer.script import parse_entry_points
from chapbook_core.lock.canonical_reader import NotCanonical, read_canonical
from chapbook_core.lock.poetry_format import format_lock
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.lock.pylock_reader import read_pylock
from chapbook_core.project.document import Document
from chapbook_core.project.journal import FileChange, Journal, journal_bytes, read_journal
from chapbook_core.project.manifest import parse_manifest
from chapbook_core.project.notebook_metadata import first_cell_removed, own_metadata, with_first_cell, with_own_metadata
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.requirements.requirement import parse_requirement
from tests.property.spoilt import spoilt

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = int(os.environ.get("CHAPBOOK_TEST_EXAMPLES", "120"))
HERE = Path("/somewhere/file")
DATA = Path(__file__).parents[1]
LOCK = (DATA / "core" / "lock" / "every_form.lock").read_bytes()
PROJECTS = [file.read_bytes() for file in sorted((DATA / "data" / "projects").glob("[ps]*.toml"))[:6]]
PYLOCK = b"""lock-version = "1.0"
environments = ["sys_platform == 'linux'"]
requires-python = ">=3.11"
created-by = "chapbook"

[[packages]]
name = "alpha"
version = "1.0"
marker = "python_version >= '3.12'"
dependencies = [{ name = "beta" }]
sdist = { name = "alpha-1.0.tar.gz", url = "https://example.org/alpha-1.0.tar.gz", hashes = { sha256 = "00" } }

[[packages]]
name = "beta"
vcs = { type = "git", url = "https://example.org/beta", commit-id = "0000" }
"""
METADATA = b"""Metadata-Version: 2.4
Name: alpha
Version: 1.0
Summary: first
        and more
Requires-Python: >=3.9
Requires-Dist: beta[x]>=1; extra == "more"
Provides-Extra: more
Description-Content-Type: text/markdown

# Alpha
"""
RECORD = b'alpha/__init__.py,sha256=47DEQpj8HBSa,0\n"a,""b"".py",sha256=x,3\nalpha-1.0.dist-info/RECORD,,\n'
ENTRY_POINTS = b"[console_scripts]\nsay = alpha:main [x]\n\n[gui_scripts]\nshow=alpha.gui:run\n[x]\ny = z\n"
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# T\n", "x"]},
            {
                "cell_type": "code",
                "id": "b",
                "metadata": {"tags": ["export"]},
                "execution_count": None,
                "source": "#| export\nx = 1",
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}],
            },
        ],
        "metadata": {"kernelspec": {"name": "chapbook"}, "chapbook": {"a": [1, 2.5, None, "é"]}},
        "nbformat": 4,
        "nbformat_minor": 5,
    },
    indent=1,
).encode()
PAGE = (
    b"<!DOCTYPE html><html><head><meta name='pypi:repository-version' content='1.1'><base href='../x/'></head><body>"
    b"<a href='alpha-1.0-py3-none-any.whl#sha256=00' data-requires-python='&gt;=3.9' data-yanked=''>alpha</a>"
    b"</body></html>"
)
JSON_PAGE = (
    b'{"meta": {"api-version": "1.1"}, "name": "alpha", "versions": ["1.0"], "files": ['
    b'{"filename": "alpha-1.0.tar.gz", "url": "../alpha-1.0.tar.gz", "hashes": {"sha256": "00"}, "size": 3, '
    b'"yanked": "why", "requires-python": ">=3", '
    b'"upload-time": "2020-01-01T00:00:00Z", "core-metadata": {"sha256": "00"}}]}'
)
JOURNAL = journal_bytes(Journal((FileChange("poetry.lock", None, b"x", "0123456789abcdef"),)))
REQUIREMENTS = (
    b"alpha[x,y] (>=1.0,<2); python_version >= '3.9' and extra == 'z'",
    b"beta @ git+https://example.org/b@main#subdirectory=c ; sys_platform != 'win32'",
    b"gamma~=1.4.2",
)
MARKERS = (b"python_version in '3.8, 3.9' or (os_name == \"nt\" and 'x' in extras)", b"platform_release >= '5.10'")
CONSTRAINTS = (b"^1.2 || >=3,<4.0.dev1,!=3.5.*", b"~=2.0.post1, ===1.0+local", b"*")
LINES = (
    b"add 'pandas>=2' \"numpy ; extra == 'x'\" # why",
    b"run -- python -c 'print($x)' {y!r}",
    b"add x \\\n  y\nremove z",
)


def utf8(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def lock(content: bytes) -> None:
    read = read_lock(utf8(content), HERE)
    text = format_lock(read)
    assert format_lock(read_lock(text, HERE)) == text


def document(content: bytes) -> None:
    manifest, mistakes = parse_manifest(content, HERE)
    if manifest is not None and not mistakes:
        # What `read_document` opens.
        Document(content, HERE).set(("tool", "chapbook", "x"), 1)


def rows(content: bytes) -> None:
    found = list(read_rows(content))
    assert set(read_rows(record_text(found))) == set(found)


def metadata(content: bytes) -> None:
    read = parse_metadata(content)
    assert Metadata.from_blob(read.blob()) == read


def notebook_with_metadata(content: bytes) -> None:
    text = utf8(content)
    own = own_metadata(text, HERE)
    changed = with_own_metadata(text, {**own, "new": 1}, HERE)
    assert own_metadata(changed, HERE) == {**own, "new": 1}
    cell = {"cell_type": "code", "id": "made", "metadata": {}, "source": "x"}
    assert json.loads(first_cell_removed(with_first_cell(text, cell, HERE), "made", HERE)) == json.loads(text)


def requirement(content: bytes) -> None:
    read = parse_requirement(utf8(content))
    assert parse_requirement(read.pep508_text()) == read


def marker(content: bytes) -> None:
    read = parse_marker(utf8(content))
    assert read.is_never or parse_marker(str(read)) == read


def constraint(content: bytes) -> None:
    read = parse_constraint(utf8(content))
    assert read.is_empty or parse_constraint(read.poetry_text()) == read


def line(content: bytes) -> None:
    text = utf8(content)
    split_words(expanded(without_comment(text), {"x": "1", "y": ["a b"]}))
    for command in cell_commands("", text)[1]:
        split_words(command.text)


def page(content_type: str) -> Callable[[bytes], object]:
    return lambda content: parse_page(content, content_type, "https://example.org/simple/alpha/", "alpha")


READERS: dict[str, tuple[tuple[bytes, ...], Callable[[bytes], object]]] = {
    "poetry.lock": ((LOCK,), lock),
    "pylock.toml": ((PYLOCK,), lambda content: read_pylock(utf8(content), HERE)),
    "pyproject.toml": (tuple(PROJECTS), lambda content: parse_manifest(content, HERE)),
    "pyproject.toml, edited": (tuple(PROJECTS), document),
    "METADATA": ((METADATA,), metadata),
    "RECORD": ((RECORD,), rows),
    "entry_points.txt": ((ENTRY_POINTS,), parse_entry_points),
    "notebook": ((NOTEBOOK,), lambda content: parse_document(content, "/somewhere/a.ipynb")),
    "notebook, edited": ((NOTEBOOK,), notebook_with_metadata),
    "HTML page": ((PAGE,), page("text/html")),
    "JSON page": ((JSON_PAGE,), page("application/vnd.pypi.simple.v1+json")),
    "journal": ((JOURNAL,), lambda content: read_journal(content, HERE)),
    "requirement": (REQUIREMENTS, requirement),
    "marker": (MARKERS, marker),
    "constraint": (CONSTRAINTS, constraint),
    "line of a cell": (LINES, line),
}
SAID = (ChapbookError, NotebookMistake, Refusal, UnclosedQuote)
"""What a reader may raise; whoever calls it turns that into a sentence."""


@pytest.mark.parametrize("name", READERS)
def test_a_spoilt_file_is_understood_or_told(name: str) -> None:
    seeds, read = READERS[name]

    @settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(spoilt(seeds))
    def look(content: bytes) -> None:
        with suppress(*SAID):
            read(content)

    for seed in seeds:
        read(seed)
    look()


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
@given(spoilt((LOCK,)))
def test_the_fast_reader_of_locks_reads_what_a_toml_parser_does(content: bytes) -> None:
    text = utf8(content)
    try:
        read = read_canonical(text)
    except NotCanonical:
        return
    # What cannot be seen is refused later, whoever has read it.
    if not any(character == "\x7f" or (character < " " and character not in "\t\n") for character in text):
        assert tomllib.loads(text) == read
