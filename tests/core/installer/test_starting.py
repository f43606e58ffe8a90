"""Files of wheels that run at each start of Python."""

from __future__ import annotations

import pytest

from chapbook_core.installer.starting import runs_at_start


@pytest.mark.parametrize(
    "content",
    [
        b"import x\n",
        b"/some/path\nimport\tos; os\n",
        b"path\rimport x",
        b"path\x0cimport x",
        b"\xe2\x80\xa8import x",
        b"\xef\xbb\xbfimport x",
    ],
)
def test_a_line_of_code_in_a_pth_file_runs(content: bytes) -> None:
    assert runs_at_start("x.pth", content)


@pytest.mark.parametrize(
    "content", [b"a.b:c\n", b"# why\n\n  a:b", b"\xef\xbb\xbfa:b", b"#\xe2\x80\xa8a:b", b"\xc3\xa9:b"]
)
def test_what_a_start_file_names_runs(content: bytes) -> None:
    assert runs_at_start("x.start", content)
    assert runs_at_start("a-1.0.data/purelib/x.start", content)
    assert not runs_at_start("x/y.start", content)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"# a:b\n\n", b" \t# a:b"])
def test_a_start_file_that_names_nothing_runs_nothing(content: bytes) -> None:
    assert not runs_at_start("x.start", content)
    assert runs_at_start("x.start", content, is_whole=False)


@pytest.mark.parametrize("content", [b"../path\n", b"#import x\n", b"important\n", b" import x\n", b""])
def test_a_pth_file_that_only_names_folders_runs_nothing(content: bytes) -> None:
    assert not runs_at_start("x.pth", content)


@pytest.mark.parametrize(
    "path",
    [
        "sitecustomize.py",
        "usercustomize.py",
        "sitecustomize.pyc",
        "sitecustomize/__init__.py",
        "sitecustomize.cpython-311-x86_64-linux-gnu.so",
        "a-1.0.data/purelib/sitecustomize.py",
        "a-1.0.data/platlib/usercustomize/__init__.py",
        "a-1.0.data/data/lib/python3.11/site-packages/sitecustomize.py",
    ],
)
def test_modules_that_python_itself_looks_for_run(path: str) -> None:
    assert runs_at_start(path, b"")


@pytest.mark.parametrize(
    "path", ["a/sitecustomize.py", "sitecustomize_tools.py", "sitecustomize/tools.py", "a-1.0.data/data/share/x.pth"]
)
def test_other_modules_do_not(path: str) -> None:
    assert not runs_at_start(path, b"import x")


def test_a_pth_file_too_long_to_be_looked_at_is_taken_for_code() -> None:
    assert runs_at_start("x.pth", b"some/folder\n", is_whole=False)
    assert not runs_at_start("x/notes.txt", b"some text\n", is_whole=False)
