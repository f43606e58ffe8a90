from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.sdist import SourceFiles
from chapbook_core.index.source_metadata import is_final, read_requires_text, told_metadata

if TYPE_CHECKING:
    from chapbook_core.index.metadata import Metadata

OLD = b"Metadata-Version: 1.2\nName: Some.Name\nVersion: 1.0\nRequires-Python: >=3.6\nSummary: It is old\n"
RECENT = b"Metadata-Version: 2.2\nName: a\nVersion: 1.0\n"


def _told(egg_info: dict[str, bytes] | None = None, **top: bytes | None) -> Metadata | None:
    names = {"information": "PKG-INFO", "pyproject": "pyproject.toml", "setup_cfg": "setup.cfg", "setup_py": "setup.py"}
    files = SourceFiles({names[key]: content for key, content in top.items() if content is not None})
    if egg_info is not None:
        files.egg_infos["some_name"] = egg_info
    return told_metadata(files, "some-name", "1.0")


def _requires(found: Metadata | None) -> tuple[str, ...]:
    assert found is not None
    return found.requires_dist


def test_a_pkg_info_that_promises_to_stay_is_final() -> None:
    assert is_final(RECENT)
    assert not is_final(RECENT + b"Dynamic: Requires-Dist\n")
    assert not is_final(OLD)
    assert not is_final(b"nonsense")


def test_an_older_pkg_info_is_believed_when_it_has_requirements() -> None:
    assert ("b>=1",) == _requires(_told(information=OLD + b"Requires-Dist: b>=1\n", setup_py=b"setup()"))


def test_an_older_pkg_info_without_requirements_says_nothing() -> None:
    assert _told(information=OLD, setup_py=b"install_requires=[]") is None


def test_setuptools_notes_beside_it_give_the_requirements() -> None:
    found = _told({"requires.txt": b"b>=1\n\n[fast]\nc\n"}, information=OLD)

    assert ("b>=1", 'c ; extra == "fast"') == _requires(found)
    assert found is not None
    assert ">=3.6" == found.requires_python
    assert ("fast",) == found.provides_extra
    assert "It is old" == found.summary


def test_setuptools_notes_without_requirements_mean_none() -> None:
    assert () == _requires(_told({"SOURCES.txt": b"setup.py\n"}, information=OLD, setup_py=b"install_requires=[]"))


def test_setuptools_notes_that_were_left_out_mean_nothing() -> None:
    sources = {"SOURCES.txt": b"setup.py\nsome_name.egg-info/requires.txt\n"}
    assert _told(sources, information=OLD, setup_py=b"install_requires=[]") is None


def test_the_notes_of_another_project_mean_nothing() -> None:
    files = SourceFiles({"PKG-INFO": OLD}, {"vendored": {"requires.txt": b"b\n"}})
    assert told_metadata(files, "some-name", "1.0") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b\n", ("b",)),
        ("[:python_version < '3']\nb\n", ("b ; (python_version < '3')",)),
        (
            "[x:sys_platform == 'win32']\nb[y]>1\n",
            ("b[y]>1 ; (sys_platform == 'win32') and extra == \"x\"",),
        ),
        ("[X_y]\nb;os_name=='nt'\n", ("b ; (os_name=='nt') and extra == \"x-y\"",)),
        ("[x]\nb @ https://example.org/b;c.whl\n", ('b @ https://example.org/b;c.whl ; extra == "x"',)),
        ("# nothing\n\n", ()),
    ],
)
def test_requires_txt_becomes_requires_dist(text: str, expected: tuple[str, ...]) -> None:
    assert expected == read_requires_text(text)[1]


def test_a_static_project_table_gives_everything() -> None:
    found = _told(
        pyproject=b'[project]\nname = "some-name"\ndynamic = ["version"]\nrequires-python = ">=3.8"\n'
        b'dependencies = ["b>=1 ; os_name == \'nt\'"]\n[project.optional-dependencies]\nx = ["c"]\n'
    )

    assert ("b>=1 ; os_name == 'nt'", 'c ; extra == "x"') == _requires(found)
    assert found is not None
    assert (">=3.8", "1.0") == (found.requires_python, found.version)


@pytest.mark.parametrize("field", ["dependencies", "optional-dependencies", "requires-python"])
def test_a_project_table_that_leaves_them_to_the_build_gives_nothing(field: str) -> None:
    assert _told(pyproject=f'[project]\nname = "some-name"\ndynamic = ["{field}"]\n'.encode()) is None


@pytest.mark.parametrize(
    "content", [b"[project", b"\xff", b'[project]\ndependencies = "b"', b'[project]\ndependencies = ["!"]', b"[tool]"]
)
def test_a_project_file_that_cannot_be_read_gives_nothing(content: bytes) -> None:
    assert _told(pyproject=content) is None


def test_a_poetry_table_gives_everything() -> None:
    found = _told(
        information=b"Metadata-Version: 2.1\nName: some-name\nVersion: 1.0\n",
        pyproject=b'[tool.poetry]\nname = "some-name"\nversion = "1.0"\ndescription = ""\nauthors = []\n'
        b'[tool.poetry.dependencies]\npython = "^3.8"\nb = "^1.2"\nc = { version = "*", optional = true }\n'
        b'[tool.poetry.extras]\nx = ["c"]\n',
    )

    assert ("b (>=1.2,<2.0)", 'c ; extra == "x"') == _requires(found)
    assert found is not None
    assert "<4.0,>=3.8" == ",".join(sorted((found.requires_python or "").split(",")))


SETUP_CFG = (
    b"[metadata]\nname = some-name\nversion = attr: a.b\n"
    b"[options]\npython_requires = >=3.7\ninstall_requires =\n    b>=1; os_name == 'nt'\n    c\n"
    b"[options.extras_require]\nx = d; e\n"
)


@pytest.mark.parametrize("setup_py", [None, b"from setuptools import setup\nsetup()\n"])
def test_a_setup_cfg_gives_everything_when_setup_py_computes_nothing(setup_py: bytes | None) -> None:
    found = _told(setup_cfg=SETUP_CFG, setup_py=setup_py)

    expected = ("b>=1; os_name == 'nt'", "c", 'd ; extra == "x"', 'e ; extra == "x"')
    assert expected == _requires(found)


@pytest.mark.parametrize("setup_py", [b"setup(install_requires=read())", b"setup(**facts)"])
def test_a_setup_cfg_gives_nothing_when_setup_py_computes(setup_py: bytes) -> None:
    assert _told(setup_cfg=SETUP_CFG, setup_py=setup_py) is None


@pytest.mark.parametrize(
    "content",
    [b"[flake8]\nx = 1\n", b"no ini", b"[options]\ninstall_requires = file: r.txt\n", b"[options]\nzip_safe = 1\n"],
)
def test_a_setup_cfg_that_does_not_tell_gives_nothing(content: bytes) -> None:
    assert _told(setup_cfg=content) is None


def test_without_a_name_from_anywhere_nothing_is_told() -> None:
    assert told_metadata(SourceFiles({"pyproject.toml": b'[project]\nname = "a"\ndynamic = ["version"]\n'})) is None
