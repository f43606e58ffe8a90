from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from chapbook_core.publisher.check import check_files, check_presence
from chapbook_core.publisher.long_description import try_rendering
from tests.fakes.publishing import sdist_file, wheel_file

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.publisher.package_file import PackageFile

HEAD = "Metadata-Version: 2.4\nName: spam\nVersion: 1.0\n"
FINE = f"{HEAD}Summary: x\nDescription-Content-Type: text/markdown\nClassifier: Typing :: Typed\n\n# Fine\n"


def told(*files: PackageFile, is_public: bool = True, fatal: bool = True) -> list[str]:
    return [problem.message for problem in check_files(files, is_public=is_public) if problem.is_fatal is fatal]


def test_a_file_that_an_index_takes_has_no_problems(tmp_path: Path) -> None:
    assert list(check_files([wheel_file(tmp_path, metadata_text=FINE)], is_public=True)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}Classifier: Private :: Do Not Upload\n\n# x", "keeps it off the public index"),
        (f"{HEAD}Classifier: Nonsense :: More\n\n# x", "`Nonsense :: More` is not a classifier"),
        (f"{HEAD}Requires-Dist: a @ https://example.org/a.whl\n\nx", "no requirement with an address"),
        (f"{HEAD}Requires-Dist: not a requirement\n\nx", "is not a valid requirement"),
        (f"{HEAD}Summary: {'x' * 600}\n\nx", "its summary is longer"),
        (f"{HEAD}License: MIT\nLicense-Expression: MIT\n\nx", "both a license expression"),
        (f"{HEAD}Description-Content-Type: text/html\n\nx", "nobody knows how to show"),
        (f"{HEAD}Description-Content-Type: text/markdown; variant=Mine\n\nx", "there is no variant `Mine`"),
        (f"{HEAD}Description-Content-Type: text/plain; charset=latin-1\n\nx", "has to be UTF-8"),
        (HEAD.replace("2.4", "9.0") + "\nx", "which no index knows"),
    ],
)
def test_what_the_public_index_refuses_is_found(text: str, words: str, tmp_path: Path) -> None:
    problems = told(wheel_file(tmp_path, metadata_text=text))
    assert any(words in problem for problem in problems), problems


def test_private_projects_go_to_repositories_of_ones_own(tmp_path: Path) -> None:
    text = f"{HEAD}Classifier: Private :: Do Not Upload\nRequires-Dist: a @ https://example.org/a.whl\n\n# x"
    assert told(wheel_file(tmp_path, metadata_text=text), is_public=False) == []


def test_local_versions_stay_off_the_public_index(tmp_path: Path) -> None:
    file = wheel_file(tmp_path, version="1.0+cpu")
    assert any("local versions" in problem for problem in told(file))
    assert told(file, is_public=False) == []


def test_a_file_with_the_metadata_of_another_is_found(tmp_path: Path) -> None:
    file = sdist_file(tmp_path, metadata_text=HEAD.replace("1.0", "2.0") + "\nx")
    assert told(file) == ["its metadata is that of spam 2.0"]


def test_wheels_for_any_linux_at_all_are_refused(tmp_path: Path) -> None:
    file = wheel_file(tmp_path, metadata_text=FINE)
    path = file.path.rename(tmp_path / "spam-1.0-cp311-cp311-linux_x86_64.whl")
    from chapbook_core.publisher.package_file import read_package_file

    assert any("manylinux" in problem for problem in told(read_package_file(path)))


def test_what_is_only_untidy_is_a_warning(tmp_path: Path) -> None:
    assert told(wheel_file(tmp_path, metadata_text=HEAD), fatal=False) == ["there is no long description"]
    text = f"{HEAD}Odd: x\n\nSome *text*\n"
    untyped = told(wheel_file(tmp_path, metadata_text=text), fatal=False)
    assert untyped == ["the header `odd` of its metadata means nothing", untyped[1]]
    assert "taken for reStructuredText" in untyped[1]


@pytest.mark.skipif(find_spec("readme_renderer") is None, reason="readme_renderer is not installed")
def test_a_description_that_does_not_render_is_found() -> None:
    broken = "Title\n===\n\n.. nonsense::\n\n`unclosed <"
    assert "no valid reStructuredText" in try_rendering(broken, "text/x-rst").mistake
    assert try_rendering("Title\n=====\n\nFine\n", "text/x-rst").mistake == ""


def test_a_name_that_was_given_to_another_file_is_found_unless_it_may_be_skipped(tmp_path: Path) -> None:
    file = wheel_file(tmp_path)
    other = {file.path.name: {"sha256": "0" * 64}}
    same = {file.path.name: {"sha256": file.digests["sha256"].upper()}}
    assert len(list(check_presence([file], other, skip_existing=False))) == 1
    assert list(check_presence([file], other, skip_existing=True)) == []
    assert list(check_presence([file], same, skip_existing=False)) == []
    assert list(check_presence([file], {file.path.name: {}}, skip_existing=False)) == []
