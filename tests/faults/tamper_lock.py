"""Locks that somebody has tampered with: `python -m tests.faults.tamper_lock`.

Each line of a lock is left out, written twice, given values of other kinds and hostile ones, and the file is cut there.
Whatever reads the lock then has to say what is wrong, or to do as if nothing was; no command may fail without a reason,
write anything, or find that all packages are to go.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.index import FakeIndex
from tests.fakes.index.sdist import make_sdist
from tests.fakes.index.world import describe
from tests.faults import kill_install
from tests.faults.kill_install import Project, snapshot
from tests.faults.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

READING = (
    ("lock", "--check"),
    ("check", "--lock", "--deep"),
    ("show",),
    ("show", "--tree"),
    ("why", "shared"),
    ("export", "-f", "requirements.txt", "--all-groups", "--all-extras"),
    ("export", "-f", "pylock.toml", "--all-groups", "--all-extras"),
    ("sync", "--dry-run", "--all-groups"),
)
LOCKING = ("lock",)
"""Makes a lock of it again, or says why not."""
_PROJECT = """\
[project]
name = "here"
version = "1"
requires-python = ">=3.11"
dependencies = [
    "one[fast]>=1",
    "two>=1; sys_platform != 'win32'",
    "made @ git+{git}",
    "near @ {near}",
]

[project.optional-dependencies]
more = ["extra>=1"]

[dependency-groups]
dev = ["tool"]

[tool.poetry]
package-mode = false
"""
_VALUES = (
    "1",
    "-1.5",
    "true",
    '""',
    '"x"',
    '" "',
    "[]",
    "[[]]",
    "{}",
    '{ a = "b" }',
    '["x", 1]',
    "1979-05-27",
    '"../../.."',
    '"/etc/passwd"',
    '"file:///etc/passwd"',
    '"--upload-pack=touch canary"',
    '"https://example.org/x-1.0-py3-none-any.whl"',
    '"sha256:00"',
    '"md5:d41d8cd98f00b204e9800998ecf8427e"',
    '"99.1"',
    '"\\u0000\\u001b]52;c;x\\u0007"',
    '"' + "9" * 5000 + '"',
    "[" * 200 + "]" * 200,
)
_ASSIGNMENT = re.compile(r"""^([\w".-]+ = )(.+)$""")
_INNER = re.compile(r'((?:file|hash|version|markers|extras|optional) = )("(?:[^"\\]|\\.)*"|\[[^]]*\]|true|false)')


@dataclass(frozen=True)
class Tampering:
    """One way to spoil a lock."""

    line: int
    what: str
    text: str


@dataclass
class Tally:
    """What came of it."""

    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    tried: int = 0


def tamperings(text: str) -> Iterator[Tampering]:
    """Yield every way to spoil a lock."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        before, after = "".join(lines[:number]), "".join(lines[number + 1 :])
        yield Tampering(number, "left out", before + after)
        yield Tampering(number, "twice", before + line + line + after)
        yield Tampering(number, "cut before", before)
        yield Tampering(number, "cut within", before + line[: len(line) // 2])
        for spoilt in _spoilt(line.rstrip("\n")):
            yield Tampering(number, spoilt[:80], f"{before}{spoilt}\n{after}")


def _spoilt(line: str) -> Iterator[str]:
    if line.startswith("["):
        yield from ("[package]", "[[metadata]]", "[metadata]", "[x]", "[[package]]", "[[package.files]]")
    if (found := _ASSIGNMENT.match(line)) is not None:
        for value in _VALUES:
            yield found[1] + value
    for found in _INNER.finditer(line) if line.lstrip().startswith("{") or " = {" in line else ():
        for value in _VALUES:
            yield line[: found.end(1)] + value + line[found.end() :]


def refusals(folder: Path) -> dict[str, tuple[int, str]]:
    """Return what `sync` says of locks that would bring something else than was locked, or nothing at all."""
    with FakeIndex() as index:
        serve(index)
        project = _project(folder, index.url)
        lock = project.folder / "poetry.lock"
        good = lock.read_text("utf-8")
        packages, metadata = good.index("[[package]]"), good.index("[extras]")
        release = next(file for file in index.files("two") if file.filename.endswith(".whl"))
        other = next(file for file in index.files("tool") if file.filename.endswith(".whl"))
        hashed, instead = (f"sha256:{hashlib.sha256(file.body).hexdigest()}" for file in (release, other))
        spoilt = {
            "all packages": f"{good[:packages]}package = []\n\n{good[metadata:]}",
            "dependency": re.sub(
                r'\[\[package\]\]\nname = "shared"\n.*?(?=\[\[package\]\])', "", good, flags=re.DOTALL
            ),
            "version": good.replace('name = "two"\nversion = "1.0"', 'name = "two"\nversion = "9.0"'),
            "other file": good.replace(hashed, instead),
            "no hash": good.replace(hashed, ""),
            "no name": good.replace("two-1.0-py3-none-any.whl", "../../two-1.0-py3-none-any.whl"),
            "longer hash": good.replace(hashed, f"{hashed} --x"),
            "weak hash": good.replace(hashed, f"md5:{hashlib.md5(release.body, usedforsecurity=False).hexdigest()}"),
            "wrong hash": good.replace(hashed, "sha256:" + "0" * 64),
        }
        found = {}
        for name, text in spoilt.items():
            assert text != good
            lock.write_text(text, "utf-8")
            library = next(project.environment.glob("lib/python*/site-packages"))
            if name not in {"all packages", "dependency"}:
                for path in (library / "two", library / "two-1.0.dist-info"):
                    shutil.rmtree(path, ignore_errors=True)
            found[name] = project.run("sync", "--all-groups")
    return found


def run_tamperings(step: int, first: int = 0, commands: tuple[tuple[str, ...], ...] = (*READING, LOCKING)) -> Tally:
    """Try every so many tamperings."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="tamper-lock-") as place, FakeIndex() as index:
        serve(index)
        project = _project(Path(place), index.url)
        lock = project.folder / "poetry.lock"
        good = lock.read_bytes()
        environment = snapshot(project.environment)
        for tampering in list(tamperings(good.decode()))[first::step]:
            tally.tried += 1
            lock.write_bytes(tampering.text.encode())
            for words in commands:
                _try(project, tampering, words, tally)
            if snapshot(project.environment) != environment:
                tally.wrong.append(f"{tampering.line} {tampering.what}: the environment was changed")
            if list(Path(place).rglob("canary")):
                tally.wrong.append(f"{tampering.line} {tampering.what}: a command was run")
                break
    return tally


def serve(index: FakeIndex) -> None:
    """Publish what the project needs."""
    kill_install.serve(index)
    index.serve("one", "1.0", requires=["shared>=1"], extras={"fast": ["quick"]})
    index.serve("two", "1.0", requires=["shared>=1,<3"])
    index.serve("shared", "2.0", sdist=True)
    for name in ("quick", "extra", "tool"):
        index.serve(name, "1.0")


def _project(place: Path, url: str) -> Project:
    git, near = place / "git", place / "near"
    for folder, name in ((git, "made"), (near, "near")):
        archive = make_sdist(describe(name, "1.0", requires=["shared"], sdist="only"))
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            opened.extractall(place, filter="data")
        (place / f"{name}-1.0").rename(folder)
    person = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for git_words in (["init", "-q"], ["add", "."], [*person, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *git_words], cwd=git, check=True)
    project = Project(place, url)
    text = _PROJECT.format(git=git.as_uri(), near=near.as_uri())
    (project.folder / "pyproject.toml").write_text(text)
    (project.folder / "poetry.lock").unlink()
    for words in (("lock",), ("sync", "--all-groups")):
        status, told = project.run(*words)
        if status:
            raise RuntimeError(told)
    return project


def _try(project: Project, tampering: Tampering, words: tuple[str, ...], tally: Tally) -> None:
    lock = project.folder / "poetry.lock"
    before = lock.read_bytes()
    status, told = project.run(*words)
    what = f"line {tampering.line + 1}, {tampering.what}: `{' '.join(words)}`"
    tally.statuses[f"{words[0]} {status}"] += 1
    if status not in (0, 1, 2) or "Traceback" in told:
        tally.wrong.append(f"{what}: {status}: {told[-600:]}")
    elif status and not told.strip():
        tally.wrong.append(f"{what}: nothing is said")
    if "\x1b]" in told or "\x07" in told or "\0" in told:
        tally.wrong.append(f"{what}: the terminal is sent what the lock says")
    if words == LOCKING:
        if status and lock.read_bytes() != before:
            tally.wrong.append(f"{what}: it failed, and wrote")
        lock.write_bytes(before)
    elif lock.read_bytes() != before:
        tally.wrong.append(f"{what}: it wrote")
    if (
        words[0] == "sync"
        and status == 0
        and told.count("- ") >= len(list(project.environment.glob("lib/*/*/*.dist-info")))
    ):
        tally.wrong.append(f"{what}: everything is to go: {told}")


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="try only every so many")
    parser.add_argument("--first", type=int, default=0)
    words = parser.parse_args()
    tally = run_tamperings(words.step, words.first)
    told = f"{tally.tried} tamperings, {dict(sorted(tally.statuses.items()))}; wrong: {len(tally.wrong)}"
    sys.exit(verdict(told, wrong=tally.wrong))


if __name__ == "__main__":
    main()
