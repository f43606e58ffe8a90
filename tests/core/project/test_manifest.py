"""Reading a project file: what it means, and everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.errors import FileMistakes, Mistake
from chapbook_core.project.manifest import Manifest, inspect_manifest, parse_manifest, read_manifest
from chapbook_core.project.source import Priority
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin

FILE = Path("/somewhere/pyproject.toml")
HEAD = '[project]\nname = "a"\nversion = "1"\n'
POETRY = '[tool.poetry]\nname = "a"\nversion = "1"\n'


def read(text: str) -> Manifest:
    manifest, mistakes = parse_manifest(text.encode(), FILE)
    assert manifest is not None
    assert mistakes == ()
    return manifest


def mistakes_in(text: str) -> list[tuple[str, int | None, str]]:
    _, mistakes = parse_manifest(text.encode(), FILE)
    return [(mistake.place, mistake.line, mistake.message) for mistake in mistakes]


def test_the_standard_requirement_is_built_and_the_intersection_is_locked() -> None:
    manifest = read(
        HEAD
        + 'dependencies = ["torch>=2"]\n'
        + '[tool.poetry.dependencies]\ntorch = {version = "<3", source = "s", allow-prereleases = true}\n'
        + '[[tool.poetry.source]]\nname = "s"\nurl = "https://example.org/simple/"\n'
    )

    [built], [locked] = manifest.built_requirements, manifest.main.requirements
    assert (built.constraint.poetry_text(), built.origin) == (">=2", IndexOrigin())
    assert (locked.constraint.poetry_text(), locked.origin) == (">=2,<3", IndexOrigin("s"))
    assert (built.allow_prereleases, locked.allow_prereleases) == (None, True)


def test_a_requirement_may_be_locked_differently_in_disjoint_environments() -> None:
    manifest = read(
        HEAD
        + 'dependencies = ["torch"]\n'
        + "[tool.poetry.dependencies]\ntorch = [\n"
        + "  {markers = \"sys_platform == 'darwin'\"},\n"
        + "  {markers = \"sys_platform != 'darwin'\", source = 's'},\n]\n"
        + '[[tool.poetry.source]]\nname = "s"\nurl = "https://example.org/simple/"\n'
    )

    one, other = manifest.main.requirements
    assert one.marker.is_disjoint(other.marker)
    assert (one.origin, other.origin) == (IndexOrigin(), IndexOrigin("s"))


def test_the_narrower_python_is_locked_and_the_wider_is_built() -> None:
    manifest = read(HEAD + 'requires-python = ">=3.9"\n[tool.poetry.dependencies]\npython = ">=3.10,<3.13"\n')

    assert manifest.python_text == ">=3.10,<3.13"
    assert manifest.requires_python == ">=3.9"


def test_included_groups_bring_their_requirements_in_both_spellings_of_inclusion() -> None:
    manifest = read(
        HEAD
        + '[dependency-groups]\nTest_A = ["pytest"]\nall = ["ruff", {include-group = "test-a"}]\n'
        + '[tool.poetry.group.more]\noptional = true\ninclude-groups = ["all"]\n'
    )

    more = manifest.group("More")
    assert more is not None
    assert [one.name for one in more.requirements] == ["ruff", "pytest"]
    assert (more.optional, more.includes) == (True, ("all",))


def test_an_extra_of_the_older_form_marks_the_requirements_it_holds() -> None:
    manifest = read(
        POETRY + '[tool.poetry.dependencies]\nb = {version = "1", optional = true}\n[tool.poetry.extras]\nX_y = ["B"]\n'
    )

    [requirement] = manifest.main.requirements
    assert requirement.in_extras == {"x-y"}
    assert manifest.extras == {"x-y": ("B",)}


def test_origins_keep_credentials_to_themselves() -> None:
    manifest = read(
        POETRY
        + '[tool.poetry.dependencies]\nb = {git = "https://user:s3cret@example.org/b.git"}\n'
        + 'c = {url = "https://user:s3cret@example.org/c-1.0.tar.gz"}\n'
        + '[[tool.poetry.source]]\nname = "s"\nurl = "https://user:s3cret@example.org/simple/"\n'
    )

    git, url = (requirement.origin for requirement in manifest.main.requirements)
    assert isinstance(git, GitOrigin)
    assert isinstance(url, UrlOrigin)
    assert (git.url, url.url) == ("https://example.org/b.git", "https://example.org/c-1.0.tar.gz")
    assert manifest.sources[0].url == "https://example.org/simple/"
    assert manifest.sources[0].credentials is not None
    assert manifest.sources[0].credentials.password == "s3cret"
    assert "s3cret" not in repr(manifest)


def test_a_repository_may_be_spelled_as_in_a_standard_requirement() -> None:
    manifest = read(POETRY + '[tool.poetry.dependencies]\nb = {git = "git+https://example.org/b.git", tag = "v1"}\n')

    [requirement] = manifest.main.requirements
    assert requirement.origin == GitOrigin("https://example.org/b.git", tag="v1")


def test_a_folder_in_a_subfolder_is_one_path() -> None:
    manifest = read(POETRY + '[tool.poetry.dependencies]\nb = {path = "../b", subdirectory = "python"}\n')

    [requirement] = manifest.main.requirements
    assert requirement.origin == DirectoryOrigin(Path("../b/python"))


def test_sources_have_their_priorities() -> None:
    manifest = read(
        POETRY
        + '[[tool.poetry.source]]\nname = "PyPI"\npriority = "supplemental"\n'
        + '[[tool.poetry.source]]\nname = "s"\nurl = "https://example.org/simple/"\n'
    )

    assert [(s.name, s.url, s.priority) for s in manifest.sources] == [
        ("PyPI", None, Priority.SUPPLEMENTAL),
        ("s", "https://example.org/simple/", Priority.PRIMARY),
    ]


def test_a_folder_can_be_read_as_well_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(HEAD, encoding="utf-8")

    assert read_manifest(tmp_path) == read_manifest(tmp_path / "pyproject.toml")
    assert read_manifest(tmp_path).folder == tmp_path


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = """\
[project]
name = "not valid!"
version = "one"
requires-python = ">>3"
dependencies = [
    "numpy>=2",
    "scipy>>1",
    3,
]

[dependency-groups]
test = ["pytest", {include = "docs"}]
docs = [{include-group = "nowhere"}]

[tool.poetry]
package-mode = "no"

[tool.poetry.group.Test.dependencies]
ruff = {version = "*", bransh = "main"}

[[tool.poetry.source]]
name = "s"
priority = "secondary"
"""
    found = mistakes_in(text)

    assert [(place, line) for place, line, _ in found] == [
        ("project.name", 2),
        ("project.version", 3),
        ("project.requires-python", 4),
        ("project.dependencies[1]", 7),
        ("project.dependencies[2]", 8),
        ("dependency-groups.test[1]", 12),
        ("dependency-groups.docs[0]", 13),
        ("tool.poetry.package-mode", 16),
        ("tool.poetry.group.Test", 18),
        ("tool.poetry.source[0]", 21),
        ("tool.poetry.source[0].priority", 23),
    ]


def test_a_circle_of_groups_comes_with_a_remedy() -> None:
    text = HEAD + '[dependency-groups]\na = [{include-group = "a"}]\n'
    _, [mistake] = parse_manifest(text.encode(), FILE)

    assert mistake.hint == "drop one of these inclusions"


def test_every_mistake_reaches_the_person_with_file_line_and_remedy(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "a"\nversion = "one"\ndependencies = ["b>>1"]\n', encoding="utf-8")

    with pytest.raises(FileMistakes) as caught:
        read_manifest(file)

    first, second = caught.value.message.splitlines()
    assert first == f"{file}:3: project.version: `one` is not a valid version"
    assert second.startswith(f"{file}:4: project.dependencies[0]: ")
    assert len(caught.value.hints) == 2


@pytest.mark.parametrize(
    ("text", "place", "line", "words"),
    [
        (HEAD + '[dependency-groups]\na-b = []\nA_B = ["c"]\n', "dependency-groups.A_B", 6, "spelled both"),
        (
            HEAD + '[dependency-groups]\ndocs_x = []\n[tool.poetry.group.docs-x.dependencies]\nc = "*"\n',
            "tool.poetry.group.docs-x",
            6,
            "spelled both",
        ),
        (
            HEAD + '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "c"}]\n'
            'c = [{include-group = "A"}]\n',
            "dependency-groups.c[0]",
            7,
            "circle: c -> a -> b -> c",
        ),
        (HEAD + '[dependency-groups]\na = [{include-group = "a"}]\n', "dependency-groups.a[0]", 5, "circle: a -> a"),
        (HEAD + '[dependency-groups]\nmain = ["b"]\n', "dependency-groups.main", 5, "the project itself"),
        (HEAD + 'optional-dependencies = {a-b = [], "a.b" = []}\n', 'project.optional-dependencies."a.b"', 4, "twice"),
        (HEAD + "dependencies = 'numpy'\n", "project.dependencies", 4, "expected an array, found a string"),
        (HEAD + "dependencies = ['numpy ^2']\n", "project.dependencies[0]", 4, "numpy ^2"),
        (HEAD + "dynamic = ['name']\n", "project.dynamic[0]", 4, "cannot be dynamic"),
        (POETRY + "[tool.poetry.dependencies]\nb = '>>1'\n", "tool.poetry.dependencies.b", 5, ">>1"),
        (POETRY + "[tool.poetry.dependencies]\nb = 1.0\n", "tool.poetry.dependencies.b", 5, "found a number"),
        (POETRY + "[tool.poetry.dependencies]\nb = []\n", "tool.poetry.dependencies.b", 5, "empty list"),
        (
            POETRY + "[tool.poetry.dependencies]\nb = {git = 'https://example.org/b', version = '1'}\n",
            "tool.poetry.dependencies.b.version",
            5,
            "cannot have `version`",
        ),
        (
            POETRY + "[tool.poetry.dependencies]\nb = {git = 'https://example.org/b', tag = '1', rev = '2'}\n",
            "tool.poetry.dependencies.b",
            5,
            "exclude each other",
        ),
        (
            POETRY + "[tool.poetry.dependencies]\nb = {version = '*', markers = 'python > 3'}\n",
            "tool.poetry.dependencies.b.markers",
            5,
            "",
        ),
        (
            HEAD + "dependencies = ['b>=2']\n[tool.poetry.dependencies]\nb = '<2'\n",
            "tool.poetry.dependencies.b",
            6,
            "no version is allowed by both",
        ),
        (
            HEAD + "requires-python = '>=3.11'\n[tool.poetry.dependencies]\npython = '^3.9'\n",
            "tool.poetry.dependencies.python",
            6,
            "allows versions that `requires-python` does not",
        ),
        (HEAD + "requires-python = '>=3.11,<3'\n", "project.requires-python", 4, "no Python is in `>=3.11,<3`"),
        (POETRY + "[tool.poetry.dependencies]\npython = '<3,>3'\n", "tool.poetry.dependencies.python", 5, "no Python"),
        ("[tool.poetry]\nversion = '1'\n", "tool.poetry.name", 1, "is missing"),
        ("[project]\nname = 'a'\n", "project.version", 1, "is missing"),
        ("[project]\nname = 'a'\ndynamic = ['version']\n", "project.version", 1, "is dynamic"),
        ("project = 1\ntool.poetry.package-mode = false\n", "project", 1, "expected a table, found a number"),
        (POETRY + "source = [{url = 'https://example.org/'}]\n", "tool.poetry.source[0]", 4, "needs a `name`"),
        (POETRY + "packages = [{from = 'src'}]\n", "tool.poetry.packages[0]", 4, "needs `include`"),
        (POETRY + "scripts = {a = {reference = 'a', type = 'x'}}\n", "tool.poetry.scripts.a.type", 4, "not a type"),
        (HEAD + "readme = {file = 'R'}\n", "project.readme", 4, "needs `content-type`"),
        (HEAD + "license-files = ['../L']\n", "project.license-files[0]", 4, "must stay inside"),
        (HEAD + "version2 = 1979-05-27\ndescription = 1979-05-27\n", "project.description", 5, "found a date or time"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_line(text: str, place: str, line: int, words: str) -> None:
    [(found_place, found_line, message)] = mistakes_in(text)

    assert (found_place, found_line) == (place, line)
    assert words in message


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"[project]\nname = \n", 2, "is not valid TOML"),
        (b'[project]\nname = "a"\nname = "b"\n', 3, "is not valid TOML"),
        (b'[project]\r\nname = "a"\r\nversion = ]\r\n', 3, "is not valid TOML"),
        (b'[project]\nname = "a', 2, "is not valid TOML"),
        ('[project]\nname = "a"\ndescription = "é"\n'.encode("latin-1"), 3, "is not UTF-8"),
        (b"[project]\n<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> other\n", 2, "marks of an unfinished merge"),
        (b"[project]\n<<<<<<< HEAD\na = 1\n", 2, "is not valid TOML"),
        ("\ufeff[project]\n".encode(), 1, "byte order mark"),
        (b"[project]\na = " + b"[" * 9_000, None, "nested too deeply"),
        (b"[project]\na = " + b"9" * 9_000, None, "too many digits"),
    ],
)
def test_a_broken_file_is_one_mistake_with_its_line(content: bytes, line: int | None, words: str) -> None:
    manifest, [mistake] = parse_manifest(content, FILE)

    assert manifest is None
    assert mistake.line == line
    assert words in mistake.message


def test_a_missing_file_is_told_as_such(tmp_path: Path) -> None:
    manifest, mistakes = inspect_manifest(tmp_path / "pyproject.toml")

    assert manifest is None
    assert mistakes == (Mistake("cannot be read: No such file or directory"),)


def test_a_file_with_other_line_endings_means_the_same() -> None:
    text = HEAD + 'dependencies = [\n  "b",\n]\n'

    assert read(text) == read(text.replace("\n", "\r\n"))


def test_what_can_be_understood_is_returned_beside_the_mistakes() -> None:
    manifest, mistakes = parse_manifest((HEAD + 'dependencies = ["b", "c>>1"]\n').encode(), FILE)

    assert manifest is not None
    assert [one.name for one in manifest.main.requirements] == ["b"]
    assert len(mistakes) == 1


def test_the_same_bytes_mean_the_same_manifest_until_they_change(tmp_path: Path) -> None:
    text = HEAD + 'dependencies = ["torch>=2"]\n'
    first = read(text)
    assert first is read(text)
    assert first is not read(text.replace("torch", "numpy"))
    elsewhere, _mistakes = parse_manifest(text.encode(), tmp_path / "pyproject.toml")
    assert elsewhere is not None
    assert tmp_path == elsewhere.folder


@pytest.mark.parametrize("key", ["path", '"p\\u0061th"'])
def test_what_a_path_leads_to_is_looked_at_each_time(key: str, tmp_path: Path) -> None:
    file, there = tmp_path / "pyproject.toml", tmp_path / "there"
    file.write_text(f'{POETRY}[tool.poetry.dependencies]\npython = "*"\na-b = {{{key} = "there"}}\n')
    there.mkdir()
    assert [DirectoryOrigin(Path("there"))] == [one.origin for one in read_manifest(file).main.requirements]
    there.rmdir()
    there.touch()
    assert [FileOrigin(Path("there"))] == [one.origin for one in read_manifest(file).main.requirements]
