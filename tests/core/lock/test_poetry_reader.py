from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.errors import FileMistakes
from chapbook_core.lock.lockfile import LockedDependency, LockedFile, LockedSource
from chapbook_core.lock.poetry_reader import UnsupportedLock, read_lock

FILE = Path("poetry.lock")
METADATA = '[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = ""\n'


def test_a_marker_string_holds_for_every_group() -> None:
    text = f'[[package]]\nname = "a"\nversion = "1"\ngroups = ["main", "dev"]\nmarkers = "extra == \'x\'"\n\n{METADATA}'

    (package,) = read_lock(text, FILE).packages

    assert {"main": "extra == 'x'", "dev": "extra == 'x'"} == package.markers


def test_every_form_of_a_dependency_is_read() -> None:
    text = Path(__file__).with_name("every_form.lock").read_text("utf-8")

    dependencies = read_lock(text, FILE).packages[0].dependencies

    assert (LockedDependency(">=1.0,<2.0"),) == dependencies["banana"]
    assert (
        LockedDependency(">=1", markers='python_version < "3.12"'),
        LockedDependency(">=2", extras=("a", "b"), optional=True, markers='extra == "x"'),
    ) == dependencies["cherry"]
    assert (LockedDependency(">=1"), LockedDependency("<3")) == dependencies["date"]
    assert (LockedDependency(None, (("path", "../fig"),), develop=True),) == dependencies["fig"]


def test_sources_keep_reference_and_subdirectory() -> None:
    text = Path(__file__).with_name("every_form.lock").read_text("utf-8")

    git, directory = (package.source for package in read_lock(text, FILE).packages[1:])

    assert LockedSource("git", "https://example.org/banana.git", "HEAD", "0123456789" * 4, "sub") == git
    assert LockedSource("directory", "../banana") == directory


def test_format_1_1_keeps_its_files_in_the_metadata() -> None:
    text = (
        '[[package]]\nname = "a"\nversion = "1"\ndescription = ""\ncategory = "main"\noptional = false\n'
        'python-versions = "*"\n\n[metadata]\nlock-version = "1.1"\npython-versions = "*"\ncontent-hash = ""\n\n'
        '[metadata.files]\na = [\n    {file = "a-1.tar.gz", hash = "sha256:0a"},\n]\n'
    )

    (package,) = read_lock(text, FILE).packages

    assert (LockedFile("a-1.tar.gz", "sha256:0a"),) == package.files


def test_the_spelling_of_a_name_in_former_formats_does_not_matter() -> None:
    package = '[[package]]\nname = "Py_Socks.x"\nversion = "1"\n\n[[package]]\nname = "other"\nversion = "1"\n\n'
    text = f'{package}{METADATA}[metadata.files]\nPy_Socks-x = [{{file = "f", hash = "sha256:1"}}]\nOther = []\n'

    first, _ = read_lock(text, FILE).packages

    assert ("py-socks-x", (LockedFile("f", "sha256:1"),)) == (first.name, first.files)


def test_windows_line_endings_are_read() -> None:
    text = Path(__file__).with_name("every_form.lock").read_text("utf-8")

    assert read_lock(text, FILE) == read_lock(text.replace("\n", "\r\n"), FILE)


def test_a_file_laid_out_by_hand_is_read_all_the_same() -> None:
    text = "package=[ { name='a', version='1' } ]\n" + METADATA

    (package,) = read_lock(text, FILE).packages

    assert ("a", "1") == (package.name, package.version)


@pytest.mark.parametrize("version", ["3.0", "99.1", "0.9", "two"])
def test_a_lock_of_another_time_is_refused(version: str) -> None:
    with pytest.raises(UnsupportedLock, match=f"has the format {version}"):
        read_lock("package = []\n" + METADATA.replace("2.1", version), FILE)


def test_an_empty_file_is_no_lock() -> None:
    with pytest.raises(FileMistakes) as caught:
        read_lock("\n", Path("poetry.lock"))
    assert caught.value.message == "poetry.lock: it is empty"


def test_a_lock_without_its_list_of_packages_is_no_empty_lock() -> None:
    with pytest.raises(FileMistakes, match="the list of packages is missing"):
        read_lock(METADATA, FILE)


def test_all_mistakes_are_told_at_once() -> None:
    text = '[[package]]\nname = 1\nfiles = [{file = "a"}]\n[package.source]\ntype = "hg"\nurl = ""\n\n' + METADATA

    with pytest.raises(FileMistakes) as caught:
        read_lock(text, FILE)

    places = [mistake.place for mistake in caught.value.mistakes]
    assert [
        "package[0].name",
        "package[0] ().version",
        "package[0] ().files[0].hash",
        "package[0] ().source.type",
    ] == places


def test_malformed_toml_is_told_with_its_line() -> None:
    with pytest.raises(FileMistakes, match=r"poetry\.lock:2: no valid TOML"):
        read_lock('[metadata]\nlock-version = "2.1\n', FILE)


def test_an_unfinished_merge_is_no_lock_but_has_a_remedy() -> None:
    with pytest.raises(FileMistakes) as caught:
        read_lock("<<<<<<< HEAD\n=======\n>>>>>>> other\n", FILE)

    assert ("run `chapbook lock` to merge both sides",) == caught.value.hints


@pytest.mark.parametrize(
    ("name", "version", "told"),
    [
        ("a", "", "`` is not a version"),
        ("a", "; import", "`; import` is not a version"),
        ("../a", "1", "`../a` is not the name of a package"),
    ],
)
def test_names_and_versions_have_to_be_some(name: str, version: str, told: str) -> None:
    text = f'[[package]]\nname = "{name}"\nversion = "{version}"\n\n{METADATA}'

    with pytest.raises(FileMistakes) as caught:
        read_lock(text, FILE)

    assert told in caught.value.message


@pytest.mark.parametrize("version", ["1!2.0rc1.post2.dev3+cpu.1", "v1.0", "2024.1", "1.0-1"])
def test_every_form_of_a_version_is_read(version: str) -> None:
    (package,) = read_lock(f'[[package]]\nname = "a"\nversion = "{version}"\n\n{METADATA}', FILE).packages

    assert version == package.version


@pytest.mark.parametrize("files", ["a = 1", "a = [1]", "a = [{file = 1}]"])
def test_files_of_format_1_1_that_are_none_are_told(files: str) -> None:
    text = f'[[package]]\nname = "a"\nversion = "1"\n\n{METADATA.replace("2.1", "1.1")}\n[metadata.files]\n{files}\n'

    with pytest.raises(FileMistakes) as caught:
        read_lock(text, FILE)

    assert "metadata.files.a" in caught.value.message


@pytest.mark.parametrize(
    ("of", "by", "told"),
    [
        ('version = "1.0"', f'version = "{"9" * 5000}"', "is not a version"),
        ('url = "../banana"', 'url = "../\\u0000banana"', "it holds a control character"),
        ('reference = "HEAD"', 'reference = "\\u001b]52;c;x\\u0007"', "it holds a control character"),
    ],
)
def test_what_nobody_could_print_or_compare_is_told(of: str, by: str, told: str) -> None:
    text = Path(__file__).with_name("every_form.lock").read_text("utf-8")
    assert of in text
    with pytest.raises(FileMistakes, match=told):
        read_lock(text.replace(of, by, 1), Path("poetry.lock"))
