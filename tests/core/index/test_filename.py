from __future__ import annotations

import pytest
from packaging.utils import InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from chapbook_core.index.filename import NameReader, UnusableName, looks_like_file, possible_names, read_wheel_name

WHEELS = [
    "idna-3.7-py3-none-any.whl",
    "Django-5.0-py3-none-any.whl",
    "zope.interface-6.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "ruamel.yaml-0.18-py2.py3-none-any.whl",
    "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
    "a_b-1!2.0rc1.post2.dev3-1build-cp39-abi3-win_amd64.whl",
    "a-1.0-2-py3-none-any.whl",
    "a-1.0-x2-py3-none-any.whl",
    "a__b-1.0-py3-none-any.whl",
    "a-1.0-py3-none-.whl",
    "a-1.0-py3..py2-none-any.whl",
    "a-1.0-3.9-none-any.whl",
    "a-1.0-none-any.whl",
    "a-1.0-1-2-py3-none-any.whl",
    "-1.0-py3-none-any.whl",
    "a-one-py3-none-any.whl",
    "../a-1.0-py3-none-any.whl",
    "a-1.0-py3-none-any.zip",
]


@pytest.mark.parametrize("filename", WHEELS)
def test_a_wheel_name_means_what_packaging_says(filename: str) -> None:
    try:
        name, version, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        with pytest.raises((UnusableName, ValueError)):
            Version(read_wheel_name(filename).version)
        return
    ours = read_wheel_name(filename)
    assert (ours.name, Version(ours.version), ours.build or ()) == (name, version, build)
    assert set(ours.tags) == {str(tag) for tag in tags}


@pytest.mark.parametrize(
    "filename", ["idna-3.7.tar.gz", "python-dateutil-2.9.0.post0.tar.gz", "a.b_c-1.0.zip", "A-B-1.0+local.1.tar.gz"]
)
def test_an_sdist_name_means_what_packaging_says(filename: str) -> None:
    name, version = parse_sdist_filename(filename)
    assert Version(NameReader(name).version(filename)) == version


def test_the_name_tells_where_an_old_version_with_dashes_begins() -> None:
    assert NameReader("a-b").version("a-b-1.0-2.tar.gz") == "1.0-2"


@pytest.mark.parametrize("filename", ["Foo.Bar-1.0.tar.gz", "foo_bar-1.0.tar.gz", "FOO--BAR-1.0.tar.gz"])
def test_every_spelling_of_the_project_is_the_project(filename: str) -> None:
    reader = NameReader("foo-bar")
    assert reader.version("foo-bar-0.9.tar.gz") == "0.9"
    assert reader.version(filename) == "1.0"


@pytest.mark.parametrize(
    "filename", ["foo_bar-1.0-py3-none-any.whl", "foobar-1.0.tar.gz", "fo-o-1.0.tgz", "foo2-1.tar.xz"]
)
def test_the_file_of_another_project_is_refused(filename: str) -> None:
    reader = NameReader("foo")
    reader.version("foo-1.0-py3-none-any.whl")
    reader.version("foo-1.0.tar.gz")
    with pytest.raises(UnusableName, match="another project"):
        reader.version(filename)


def test_what_was_read_before_does_not_let_a_bad_name_pass() -> None:
    reader = NameReader("foo")
    reader.version("foo-1.0-py3-none-any.whl")
    for filename in ("foo-1.0-1-2-py3-none-any.whl", "foo-1.0-2-py3-none.whl", "foo-py3-none-any.whl"):
        with pytest.raises(UnusableName):
            reader.version(filename)


@pytest.mark.parametrize(
    ("filename", "reason"),
    [
        ("foo-1.0-py3.8.egg", "egg"),
        ("foo-1.0.win32.exe", "Windows installer"),
        ("foo-1.0.tar.gz.asc", "signature"),
        ("foo-1.0.pdf", "neither a wheel nor a source archive"),
        ("../../foo-1.0.tar.gz", "hides a path"),
        ("%2e%2e%2ffoo-1.0-py3-none-any.whl", "hides a path"),
        ("foo\\..\\x-1.0.zip", "hides a path"),
        ("foo-1.0\0.zip", "hides a path"),
    ],
)
def test_an_odd_file_is_refused_with_its_reason(filename: str, reason: str) -> None:
    with pytest.raises(UnusableName, match=reason):
        NameReader("foo").version(filename)


def test_eggs_and_installers_look_like_files_of_an_index_and_pages_do_not() -> None:
    assert looks_like_file("foo-1.0-py2.7.egg")
    assert looks_like_file("foo-1.0.tar.bz2")
    assert not looks_like_file("index.html")
    assert not looks_like_file("")


def test_a_source_archive_may_belong_to_several_projects() -> None:
    assert possible_names("a-b-1.0-2.tar.gz") == ("a-b", "a-b-1-0")
    assert possible_names("a_b-1.0-py3-none-any.whl") == ("a-b",)
    assert possible_names("README.md") == ()
