from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.argument import parse_argument
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import ALWAYS, parse_marker
from chapbook_core.requirements.requirement import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    Origin,
    Requirement,
    UrlOrigin,
)

FOLDER = Path("/srv/project")
HOME = Path("/srv/home")
PRESENT = {
    FOLDER / "lib",
    FOLDER / "lib/six-1.16.0-py2.py3-none-any.whl",
    FOLDER / "six-1.16.0-py2.py3-none-any.whl",
    FOLDER / "lib/six-1.16.0.tar.gz",
    FOLDER / "my package",
    FOLDER,
    FOLDER / "..",
    FOLDER / "../sibling",
    HOME / "mine",
    HOME,
    Path("/srv/other"),
}


def parse(text: str) -> Requirement:
    return parse_argument(text, FOLDER, exists=PRESENT.__contains__, home=HOME)


@pytest.mark.parametrize(
    ("text", "name", "constraint", "extras"),
    [
        ("idna", "idna", "", ""),
        ("idna@latest", "idna", "", ""),
        ("idna@LATEST", "idna", "", ""),
        ("idna@^3", "idna", "^3", ""),
        ("idna@~3.7", "idna", "~3.7", ""),
        ("idna @ ^3", "idna", "^3", ""),
        ("idna@3.7", "idna", "3.7", ""),
        ("idna@*", "idna", "*", ""),
        ("idna@>=3,<4", "idna", ">=3,<4", ""),
        ("idna@==3.7", "idna", "==3.7", ""),
        ("idna==3.7", "idna", "==3.7", ""),
        ("idna===3.7", "idna", "===3.7", ""),
        ("idna=3.7", "idna", "3.7", ""),
        ("idna = 3.7", "idna", "3.7", ""),
        ("idna:3.7", "idna", "3.7", ""),
        ("idna:^3", "idna", "^3", ""),
        ("idna 3.7", "idna", "3.7", ""),
        ("idna ^3", "idna", "^3", ""),
        ("idna^3", "idna", "^3", ""),
        ("idna~3.7", "idna", "~3.7", ""),
        ("idna>=3,<4,!=3.5", "idna", ">=3,<4,!=3.5", ""),
        ("idna (>=3,<4)", "idna", ">=3,<4", ""),
        ("idna@^2 || ^3", "idna", "^2 || ^3", ""),
        ("Foo.Bar_baz", "foo-bar-baz", "", ""),
        ("requests[socks]", "requests", "", "socks"),
        ("requests[socks,Use_Chardet]@^2.30", "requests", "^2.30", "socks use-chardet"),
        ("requests [socks] >=2", "requests", ">=2", "socks"),
        ("requests[socks]==2.30", "requests", "==2.30", "socks"),
        ("  idna  ", "idna", "", ""),
        ("a1", "a1", "", ""),
    ],
)
def test_a_package_by_name(text: str, name: str, constraint: str, extras: str) -> None:
    requirement = parse(text)
    assert requirement.name == name
    assert requirement.constraint.text == constraint
    assert requirement.constraint == parse_constraint(constraint or "*")
    assert requirement.extras == frozenset(extras.split())
    assert requirement.origin == IndexOrigin()
    assert requirement.marker == ALWAYS
    assert requirement.is_name_known


REPO = "https://example.org/owner/my_repo.git"
WHEEL = "https://example.org/six-1.16.0-py2.py3-none-any.whl"


@pytest.mark.parametrize(
    ("text", "name", "is_known", "origin"),
    [
        (f"git+{REPO}", "my-repo", False, GitOrigin(REPO)),
        (f"git+{REPO}#v1", "my-repo", False, GitOrigin(REPO, revision="v1")),
        (f"git+{REPO}@v1", "my-repo", False, GitOrigin(REPO, revision="v1")),
        (f"git+{REPO}#subdirectory=pkg/core", "core", False, GitOrigin(REPO, subdirectory="pkg/core")),
        (f"git+{REPO}#v1&subdirectory=pkg", "pkg", False, GitOrigin(REPO, revision="v1", subdirectory="pkg")),
        (f"git+{REPO}@v1#subdirectory=pkg", "pkg", False, GitOrigin(REPO, revision="v1", subdirectory="pkg")),
        (REPO, "my-repo", False, GitOrigin(REPO)),
        ("git+http://example.org/r", "r", False, GitOrigin("http://example.org/r")),
        ("git+ssh://git@example.org/o/r.git", "r", False, GitOrigin("ssh://git@example.org/o/r.git")),
        ("git@example.org:o/r.git", "r", False, GitOrigin("git@example.org:o/r.git")),
        ("git@example.org:o/r.git#main", "r", False, GitOrigin("git@example.org:o/r.git", revision="main")),
        ("git@example.org:o/r.git@main", "r", False, GitOrigin("git@example.org:o/r.git", revision="main")),
        (f"mine @ git+{REPO}@v1", "mine", True, GitOrigin(REPO, revision="v1")),
        (f"mine@git+{REPO}", "mine", True, GitOrigin(REPO)),
        ("mine @ git@example.org:o/r.git", "mine", True, GitOrigin("git@example.org:o/r.git")),
        ("git+file:///srv/other", "other", False, GitOrigin("file:///srv/other")),
        (WHEEL, "six", True, UrlOrigin(WHEEL)),
        (f"{WHEEL}#sha256=00", "six", True, UrlOrigin(f"{WHEEL}#sha256=00")),
        ("https://example.org/six-1.16.0.tar.gz", "six", True, UrlOrigin("https://example.org/six-1.16.0.tar.gz")),
        ("https://example.org/archive/main.zip", "main", False, UrlOrigin("https://example.org/archive/main.zip")),
        (f"six @ {WHEEL}", "six", True, UrlOrigin(WHEEL)),
        ("./lib/six-1.16.0-py2.py3-none-any.whl", "six", True, FileOrigin(Path("lib/six-1.16.0-py2.py3-none-any.whl"))),
        ("six-1.16.0-py2.py3-none-any.whl", "six", True, FileOrigin(Path("six-1.16.0-py2.py3-none-any.whl"))),
        ("lib/six-1.16.0.tar.gz", "six", True, FileOrigin(Path("lib/six-1.16.0.tar.gz"))),
        ("./lib", "lib", False, DirectoryOrigin(Path("lib"))),
        ("lib/", "lib", False, DirectoryOrigin(Path("lib"))),
        ("./my package", "my-package", False, DirectoryOrigin(Path("my package"))),
        ("../sibling", "sibling", False, DirectoryOrigin(Path("../sibling"))),
        ("/srv/other", "other", False, DirectoryOrigin(Path("/srv/other"))),
        ("file:///srv/other", "other", False, DirectoryOrigin(Path("/srv/other"))),
        ("~/mine", "mine", False, DirectoryOrigin(HOME / "mine")),
        ("mine @ ~/mine", "mine", True, DirectoryOrigin(HOME / "mine")),
        ("mine @ ./lib", "mine", True, DirectoryOrigin(Path("lib"))),
        ("mine@../sibling", "mine", True, DirectoryOrigin(Path("../sibling"))),
        ("mine @ file:///srv/other", "mine", True, DirectoryOrigin(Path("/srv/other"))),
        ("./lib#subdirectory=core", "core", False, DirectoryOrigin(Path("lib"), "core")),
    ],
)
def test_a_package_from_a_place(text: str, name: str, is_known: bool, origin: Origin) -> None:
    requirement = parse(text)
    assert requirement.origin == origin
    assert (requirement.name, requirement.is_name_known) == (name, is_known)


@pytest.mark.parametrize("where", ["./lib", f"git+{REPO}@v1", WHEEL, "git@example.org:o/r.git", "/srv/other"])
def test_extras_may_follow_a_place(where: str) -> None:
    assert parse(f"{where}[a,B]").extras == {"a", "b"}
    assert parse(f"{where}[a,B]").origin == parse(where).origin


@pytest.mark.parametrize(
    "body", ["idna", "idna>=3", "idna@^3", "requests[socks]", f"git+{REPO}", f"six @ {WHEEL}", "./lib", "idna 3.7"]
)
def test_a_marker_may_follow_anything(body: str) -> None:
    requirement = parse(f"{body} ; python_version < '3.13'")
    assert requirement.marker == parse_marker("python_version < '3.13'")
    assert requirement.origin == parse(body).origin
    assert requirement.constraint == parse(body).constraint


def test_a_marker_needs_no_space_after_a_version() -> None:
    assert parse("idna>=3;sys_platform=='win32'").marker == parse_marker("sys_platform == 'win32'")


def test_paths_are_asked_for_only_where_a_path_is_meant() -> None:
    asked: list[Path] = []

    def exists(path: Path) -> bool:
        asked.append(path)
        return True

    for text in ("idna", "idna@^3", f"git+{REPO}", WHEEL, "lib"):
        parse_argument(text, FOLDER, exists=exists)
    assert asked == []
    parse_argument("./lib", FOLDER, exists=exists)
    assert asked == [FOLDER / "lib"]


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("", "it is empty", "add requests"),
        ("--dev", "does not begin with `-`", "options"),
        ("idna@", "no version follows `@`", "`idna@^1.2`"),
        ("idna=", "no version follows `=`", "`idna@latest`"),
        ("idna=>3", "no operator `=>`", "`>=`"),
        ("idna@1.x", "`1.x` is not a version", "`1.*`"),
        ("idna@newest", "`newest` is not a version", "1.2.3"),
        ("idna>=3 <", "has no version", ">=1.0,<2.0"),
        ("_idna", "does not begin with a name", "requests@^2.30"),
        ("requests[socks", "bracket", "NAME[extra]"),
        ("requests[so cks]", "`so cks` is not the name of an extra", ""),
        ("idna ; nonsense", "nonsense", ""),
        ("./missing", "there is no `missing` in `/srv/project`", "pyproject.toml"),
        ("/srv/missing", "there is no `/srv/missing`", "pyproject.toml"),
        ("missing-1.0-py3-none-any.whl", "there is no `missing-1.0-py3-none-any.whl`", "wheel"),
        ("owner/repo", "there is no `owner/repo`", "pyproject.toml"),
        (
            "https://example.org/owner/repo",
            "neither a wheel nor a source distribution",
            "`git+https://example.org/owner/repo`",
        ),
        ("https://example.org/six.whl", "`six.whl` is not the name of a wheel", "six-1.16.0"),
        ("git+ftp://example.org/r", "is not the address of a git repository", "git+https://"),
        ("git+example.org/r", "there is no", ""),
        ("ssh://git@example.org/r", "needs `git+`", "`git+ssh://git@example.org/r`"),
        ("hg+https://example.org/r", "`hg` repositories are not supported", ""),
        ("ftp://example.org/a.zip", "no way to fetch `ftp://`", "https://"),
        ("a @ ftp://example.org/a.zip", "no way to fetch `ftp://`", "https://"),
    ],
)
def test_a_wrong_text_is_echoed_with_the_reason_and_a_remedy(text: str, complaint: str, hint: str) -> None:
    with pytest.raises(ChapbookError) as caught:
        parse(text)
    assert f"`{text}`" in caught.value.message
    assert complaint in caught.value.message
    assert hint in " ".join(caught.value.hints)


def test_a_home_folder_must_be_known_for_a_tilde() -> None:
    with pytest.raises(ChapbookError, match="no home folder"):
        parse_argument("~/mine", FOLDER, exists=PRESENT.__contains__)


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter2@example.org/nothing",
        "git+ftp://user:hunter2@example.org/r",
        "svn+https://hunter2@example.org/r",
        "a @ https://hunter2@example.org/a b",
        "https://hunter2@example.org/a.whl",
    ],
)
def test_an_error_does_not_show_the_secret_that_was_typed(text: str) -> None:
    with pytest.raises(ChapbookError) as caught:
        parse(text)
    assert "hunter2" not in f"{caught.value!r} {caught.value.hints}"


def test_a_real_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "Ünï code").mkdir()
    requirement = parse_argument("./Ünï code", tmp_path)
    assert requirement.origin == DirectoryOrigin(Path("Ünï code"))
    assert not requirement.is_name_known
