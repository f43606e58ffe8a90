"""The steps of a walk: commands that somebody might type next, whatever was typed before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.fakes.repositories import committed

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.fakes.index import FakeIndex

Words = tuple[str, ...]

_NAMES = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "Mixed_Case.Name", "made", "nothing-of-it")
BESIDE = "w"
"""The package whose wheel lies beside the project."""
_PATHS = ("../beside", "../wheels/w-1.0-py3-none-any.whl", "../beside-old", "./inside")
_GROUPS = ("dev", "docs", "Test_Group", "all")
_EXTRAS = ("fancy", "plot")
_CONDITIONS: tuple[Words, ...] = (
    ("--python", "<3.11"),
    ("--python", ">=3.11"),
    ("--platform", "linux"),
    ("--platform", "win32"),
    ("--markers", 'python_version >= "3.10" and sys_platform != "darwin"'),
)
_READING: tuple[Words, ...] = (
    ("export", "--without-hashes"),
    ("export", "-f", "pylock.toml", "-o", "../pylock.toml"),
    ("show", "--tree"),
    ("show", "--outdated"),
    ("status",),
    ("history",),
    ("check", "--strict"),
    ("check", "--deep"),
    ("why", "c"),
    ("build", "-o", "../dist"),
)
_SELDOM = 0.2
_DIRECT = ("beside", BESIDE, "beside-old", "inside", "in-git", "addressed")


def serve(index: FakeIndex) -> None:
    """Publish packages whose requirements are of every kind, some of which do not fit together."""
    for version, least in (("1.0", "1.0"), ("1.5", "1.0"), ("2.0", "2.0")):
        index.serve("a", version, extras={"more": ["c"], "most": ["c", "d>=1.1"]}, scripts={"a-tool": "a:main"})
        index.serve("b", version, requires=[f"a>={least}", "c"])
    index.serve("a", "2.1b1", extras={"more": ["c"], "most": ["c", "d>=1.1"]})
    index.serve("c", "1.0")
    index.serve("c", "1.1", files={"c/__init__.py": "", "c/deep/er.py": "", ".data/data/share/c.txt": "c"})
    index.serve("d", "1.0", requires=['e; sys_platform == "win32"', 'i; python_version < "3.10"'])
    index.serve("d", "1.1", requires=['e; sys_platform == "win32"', 'i; python_version < "3.11"'])
    index.serve("e", "1.0", requires=["c<1.1"])
    index.serve("e", "1.0.post1", requires=["c"])
    index.serve("f", "1.0a1")
    index.serve("f", "1.0rc1", requires=["a"])
    index.serve("g", "1.0", python=">=3.8")
    index.serve("g", "2.0", python=">=3.11", requires=["i>=2"])
    index.serve("h", "1.0", requires=['i<2; python_version < "3.11"', 'i>=2; python_version >= "3.11"', "a[more]"])
    index.serve("i", "1.0")
    index.serve("i", "2.0", requires=["l2"])
    index.serve("j", "3.0", requires=["a<2"])
    index.serve("k", "0.3", requires=["a>=2", "Mixed_Case.Name"])
    index.serve("k", "0.3.1", requires=["a>=2", "mixed-case-name>=1"])
    index.serve("l", "1!2.0", requires=["l2"])
    index.serve("l2", "1.0", requires=["l3"])
    index.serve("l3", "1.0", requires=["l2"])
    index.serve("Mixed_Case.Name", "1.0")
    index.serve("Mixed_Case.Name", "1.1", yanked="it was wrong")
    index.serve("made", "1.0", sdist="only", requires=["c"])
    index.serve("made", "1.2", sdist="only", requires=["c>=1"])
    index.serve(BESIDE, "1.0", requires=["c"])
    index.serve("addressed", "1.0")


def put_beside(project: Path, wheel: bytes) -> None:
    """Put what can be required by its path beside a project and into it."""
    _write_project(project.parent / "beside", "beside", 'dependencies = ["c>=1", "a[more]"]\n')
    _write_project(project / "inside", "inside", "")
    old = project.parent / "beside-old"
    old.mkdir()
    (old / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "beside-old"\nversion = "0.1.0"\ndescription = ""\nauthors = []\n'
        '[tool.poetry.dependencies]\npython = "^3.8"\ni = "^1.0"\n'
        '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
        "utf-8",
    )
    (old / "beside_old.py").write_text("", "utf-8")
    _write_project(project.parent / "in-git", "in-git", 'dependencies = ["d"]\n')
    committed(project.parent / "in-git")
    (project.parent / "wheels").mkdir()
    (project.parent / "wheels" / "w-1.0-py3-none-any.whl").write_bytes(wheel)


def _write_project(folder: Path, name: str, more: str) -> None:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.8"\n{more}'
        '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
        "utf-8",
    )
    module = folder / f"{name.replace('-', '_')}.py"
    module.write_text("value = 1\n", "utf-8")


@dataclass(frozen=True, slots=True)
class Typist:
    """Somebody who types commands by chance, in sight of a project."""

    chance: random.Random
    folder: Path
    address: str
    """Of a wheel on the index."""
    pythons: Sequence[str]

    def next_step(self, locked: Sequence[str]) -> Words:
        """Return a command; `locked` are the names in the lock."""
        steps: dict[Callable[[], Words], int] = {
            self._add: 9,
            self._add_place: 3,
            partial(self._remove, locked or _NAMES): 5,
            partial(self._update, locked or _NAMES): 2,
            partial(self._up, locked or _NAMES): 2,
            self._lock: 1,
            self._install: 3,
            self._sync: 2,
            self._undo: 3,
            self._redo: 2,
            self._use: 1,
            self._version: 1,
            self._read: 2,
        }
        return self.chance.choices(list(steps), list(steps.values()))[0]()

    def _add(self) -> Words:
        name = self.chance.choice(_NAMES)
        extras = self.chance.choice(("", "", "", "[more]", "[most]", "[more,most]")) if name == "a" else ""
        wish = self.chance.choice(("", "", "", "@^1.0", "==1.0", "@~1", ">=1", ">=1,<2", "@latest", "@*", ">=9"))
        another = (self.chance.choice(_NAMES),) if self.chance.random() < _SELDOM else ()
        conditions = (*self._condition(), *self._maybe("--allow-prereleases"))
        return ("add", f"{name}{extras}{wish}", *another, *self._where(), *conditions, *self._how())

    def _add_place(self) -> Words:
        place = self.chance.choice((*_PATHS, f"git+{(self.folder.parent / 'in-git').as_uri()}", self.address))
        return ("add", place, *self._maybe("--editable"), *self._where(), *self._how())

    def _remove(self, known: Sequence[str]) -> Words:
        known = (*_NAMES, *_DIRECT) if self.chance.random() < _SELDOM else known
        names = self.chance.sample(known, min(self.chance.choice((1, 1, 1, 2)), len(known)))
        group = ("-G", self.chance.choice(_GROUPS)) if self.chance.random() < _SELDOM else ()
        return ("remove", *names, *group, *self._how())

    def _update(self, known: Sequence[str]) -> Words:
        return ("update", *self._some_of(known), *self._selection(), *self._how())

    def _up(self, known: Sequence[str]) -> Words:
        return ("up", *self._some_of(known), *self._maybe("--pre"), *self._how())

    def _lock(self) -> Words:
        return ("lock", *self._maybe("--regenerate"), *self._maybe("--dry-run"))

    def _install(self) -> Words:
        return ("install", *self._selection(), *self._maybe("--no-root"), *self._maybe("--dry-run"))

    def _sync(self) -> Words:
        return ("sync", *self._selection())

    def _undo(self) -> Words:
        return ("undo", *self._how())

    def _redo(self) -> Words:
        return ("redo", *self._how())

    def _use(self) -> Words:
        return ("env", "use", self.chance.choice(self.pythons))

    def _version(self) -> Words:
        return ("version", self.chance.choice(("patch", "minor", "prerelease", "1.2.3")))

    def _read(self) -> Words:
        return self.chance.choice(_READING)

    def _some_of(self, known: Sequence[str]) -> Words:
        return tuple(self.chance.sample(known, self.chance.choice((0, 0, 1))))

    def _where(self) -> Words:
        group, extra = self.chance.choice(_GROUPS), self.chance.choice(_EXTRAS)
        return self.chance.choice((*[()] * 5, ("-G", group), ("-G", group), ("--optional", extra)))

    def _condition(self) -> Words:
        return self.chance.choice((*[()] * 6, *_CONDITIONS))

    def _selection(self) -> Words:
        group = self.chance.choice(_GROUPS)
        some = (("--only", "main"), ("--only", group), ("--with", group), ("--without", group))
        return self.chance.choice((*[()] * 4, *some))

    def _how(self) -> Words:
        return self.chance.choice(((), (), (), ("--lock",), ("--dry-run",)))

    def _maybe(self, option: str) -> Words:
        return (option,) if self.chance.random() < _SELDOM else ()
