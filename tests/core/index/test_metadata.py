from __future__ import annotations

import time
from importlib.metadata import distributions

import pytest
from packaging.metadata import parse_email

from chapbook_core.index.blob import StaleBlob
from chapbook_core.index.metadata import Metadata, UnreadableMetadata, parse_metadata

HEAD = "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\n"


def parse(text: str) -> Metadata:
    return parse_metadata(text.encode(), "foo 1.0")


def test_every_field_that_resolving_needs_is_read() -> None:
    metadata = parse(
        HEAD + "Summary: A thing\nRequires-Python: >=3.9\nRequires-Dist: a>=1\nProvides-Extra: x\n"
        "Requires-Dist: b ; extra == 'x'\n"
        "Dynamic: License\nProvides-Extra: y\n\nRequires-Dist: not-a-field\n"
    )
    assert metadata == Metadata(
        name="Foo.Bar",
        version="1.0",
        requires_dist=("a>=1", "b ; extra == 'x'"),
        requires_python=">=3.9",
        provides_extra=("x", "y"),
        summary="A thing",
        dynamic=("license",),
        metadata_version="2.1",
    )


ODD = [
    HEAD.replace("\n", "\r\n") + "Requires-Dist: a\r\n\r\nRequires-Dist: b\r\n",
    HEAD + "Requires-Dist: a (>=1,\n        <2)\nRequires-Dist: b\n\t; python_version < '3'\n\nbody",
    HEAD + "requires-dist: a\nREQUIRES-PYTHON: >=3\n",
    HEAD + "Description: first\n        Requires-Dist: indented\n        |\n       more\nRequires-Dist: a\n",
    HEAD + "Description: first\nunindented line\nRequires-Dist: a\n",
    HEAD + "Requires-Dist:a\nRequires-Dist:   b   \n\n",
    HEAD + "   \nRequires-Dist: a\n",
    HEAD + "Author: x\n:colon first\nRequires-Dist: a\n",
    HEAD + "Name: second\n",
    HEAD + "Requires-Dist: a",
    HEAD + "Author: Jürgen ☃\nSummary: größer\nRequires-Dist: a\n",
]


@pytest.mark.parametrize("text", ODD)
def test_the_head_ends_and_lines_are_joined_as_packaging_has_it(text: str) -> None:
    metadata = parse(text)
    raw, _ = parse_email(text.encode())
    assert [" ".join(line.split()) for line in metadata.requires_dist] == [
        " ".join(line.split()) for line in raw.get("requires_dist", [])
    ]
    assert metadata.requires_python == raw.get("requires_python")
    assert metadata.summary == raw.get("summary", "")


def test_the_metadata_of_what_is_installed_reads_as_packaging_reads_it() -> None:
    compared = 0
    for distribution in distributions():
        text = distribution.read_text("METADATA")
        if text is None:
            continue
        raw, _ = parse_email(text)
        metadata = parse(text)
        assert (metadata.name, metadata.version) == (raw["name"], raw["version"])
        assert list(metadata.requires_dist) == raw.get("requires_dist", [])
        assert list(metadata.provides_extra) == raw.get("provides_extra", [])
        assert metadata.requires_python == raw.get("requires_python")
        compared += 1
    assert compared > 5


def test_files_older_than_the_rule_of_utf8_are_read_as_latin_1() -> None:
    assert parse_metadata(HEAD.encode() + "Summary: größer\n".encode("latin-1")).summary == "größer"
    assert parse_metadata(b"\xef\xbb\xbf" + HEAD.encode()).name == "Foo.Bar"


def test_unknown_means_nothing() -> None:
    metadata = parse(HEAD + "Summary: UNKNOWN\nRequires-Python: UNKNOWN\nRequires-Dist:\n")
    assert (metadata.summary, metadata.requires_python, metadata.requires_dist) == ("", None, ())


@pytest.mark.parametrize(
    "text", ["", "Name: foo\n", "Version: 1.0\n", "\n\nName: foo\nVersion: 1\n", "Name:\nVersion: 1\n", "\0" * 100]
)
def test_a_file_that_does_not_name_what_it_describes_is_refused(text: str) -> None:
    with pytest.raises(UnreadableMetadata, match=r"the metadata of foo 1\.0 cannot be used"):
        parse(text)


@pytest.mark.parametrize(
    ("version", "dynamic", "static"),
    [
        ("2.1", "", False),
        ("2.2", "", True),
        ("2.4", "Dynamic: Description\n", True),
        ("2.4", "Dynamic: Requires-Dist\n", False),
        ("2.2", "Dynamic: requires-python\n", False),
        ("10.0", "", True),
        ("x", "", False),
    ],
)
def test_a_source_archive_is_static_when_it_says_so(version: str, dynamic: str, static: bool) -> None:
    assert parse(f"Metadata-Version: {version}\nName: foo\nVersion: 1\n{dynamic}").is_static is static


def test_metadata_of_another_version_or_project_is_not_believed() -> None:
    metadata = parse(HEAD)
    metadata.check_identity("foo-bar", "1.0.0")
    with pytest.raises(UnreadableMetadata, match=r"that of `Foo\.Bar`"):
        metadata.check_identity("foo", "1.0")
    with pytest.raises(UnreadableMetadata, match=r"version `1\.0`"):
        metadata.check_identity("foo_bar", "1.1")
    with pytest.raises(UnreadableMetadata, match="version `unknown`"):
        parse("Name: foo\nVersion: unknown\n").check_identity("foo", "1.1")


def test_metadata_comes_back_from_its_blob() -> None:
    metadata = parse(HEAD + "Requires-Dist: a\nProvides-Extra: x\n")
    assert Metadata.from_blob(metadata.blob()) == metadata
    with pytest.raises(StaleBlob):
        Metadata.from_blob(metadata.blob()[:-1])


def test_a_hostile_file_takes_no_longer_than_its_length_asks_for() -> None:
    started = time.process_time()
    for piece in ("Requires-Dist: a\n ", "Requires-Dist:" + " " * 60, " \n", "\r\n ", "a:\n"):
        parse(HEAD + piece * (400_000 // len(piece)))
    # Far above what the slowest machine needs, far below what quadratic reading takes.
    assert time.process_time() - started < 10
