"""The corpus of bad wheels against our installer, as a table: `python -m tests.faults.bad_wheels`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from chapbook_core.errors import ChapbookError
from chapbook_core.installer.link import Linker
from chapbook_core.installer.placement import WheelArrival, place_wheels
from chapbook_core.installer.schemes import InstallPaths, paths_of_environment
from chapbook_core.installer.store import WHEELS, Store
from tests.fakes.watcher import RecordingWatcher
from tests.fakes.wheels import Case, Recipe, corpus


@dataclass(frozen=True)
class Verdict:
    """What became of one wheel."""

    case: Case
    is_taken: bool
    message: str
    is_changed: bool
    """Whether anything but a taken wheel left a trace: in the environment, the store, or outside."""


def make_environment(folder: Path) -> InstallPaths:
    """Make a real environment without pip, with a package in it that others must leave alone."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return paths_of_environment(folder)


def install(recipe_file: Path, paths: InstallPaths, store: Store, watcher: RecordingWatcher) -> None:
    """Do what an installer does with one wheel."""
    stored = store.add(recipe_file, recipe_file.name)
    place_wheels([WheelArrival(stored, paths, Linker(), is_requested=True)], watcher)


def tree_digest(*folders: Path) -> str:
    """Sum up every path, kind, mode, link and content below some folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            status = path.lstat()
            digest.update(f"{path}\0{status.st_mode}\0".encode())
            if path.is_symlink():
                digest.update(str(path.readlink()).encode())
            elif path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()


def judge(case: Case, paths: InstallPaths, folder: Path) -> list[Verdict]:
    """Try a wheel twice; a refused one has to be refused again."""
    file = case.recipe.write(folder / "wheels" / case.item)
    outside = folder / "outside"
    verdicts = []
    for _ in range(2):
        before = tree_digest(paths.root, outside)
        watcher = RecordingWatcher()
        with Store(folder / "store" / case.item) as store:
            try:
                install(file, paths, store, watcher)
            except ChapbookError as problem:
                litter = list((folder / "store" / case.item / WHEELS).glob("*/*"))
                changed = before != tree_digest(paths.root, outside) or (
                    bool(litter) and "itself" not in problem.message
                )
                verdicts.append(Verdict(case, False, problem.message, changed))
            else:
                return [Verdict(case, True, "; ".join(watcher.warnings), False)]
        if list((folder / "store" / case.item / "workshops").glob("*")):
            verdicts[-1] = Verdict(case, False, verdicts[-1].message, True)
    return verdicts


def run(folder: Path) -> list[Verdict]:
    """Judge the whole corpus, each wheel in an environment of its own when it is taken."""
    outside = folder / "outside"
    outside.mkdir()
    canary = outside / "CANARY"
    canary.write_text("as it was\n")
    paths = make_environment(folder / "environment")
    with Store(folder / "store" / "victim") as store:
        install(Recipe("victim").write(folder / "wheels" / "victim"), paths, store, RecordingWatcher())
    found: list[Verdict] = []
    for case in corpus(canary):
        if case.expected:
            found.extend(judge(case, paths, folder))
        else:
            found.extend(judge(case, make_environment(folder / f"environment-{case.item}"), folder))
    return found


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        verdicts = run(Path(folder))
    shown: set[str] = set()
    sys.stdout.write("| item | wheel | verdict | message |\n|---|---|---|---|\n")
    for verdict in verdicts:
        if verdict.case.item in shown:
            continue
        shown.add(verdict.case.item)
        word = "taken" if verdict.is_taken else "refused"
        word += ", LEFT TRACES" if verdict.is_changed else ""
        sys.stdout.write(
            f"| {verdict.case.item} | {verdict.case.what} | {word} | {verdict.message.replace('|', ' ')} |\n"
        )


if __name__ == "__main__":
    main()
