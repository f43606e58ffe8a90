"""Several processes writing in one project at once: `python -m tests.faults.two_writers --rounds 50 --writers 8`.

Each writer runs commands that read a file and write it back changed, so that two at once lose something: versions are
counted up, sources and settings are added and some taken away again, packages are added, removed and installed, the
project is locked. Meanwhile the files are read all the time. Afterwards everything that a command has said to have done
must be there, in the files and in the environment, and whoever had to wait must have said for whom.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.index import FakeIndex
from tests.faults.verdict import verdict

PROJECT = """\
[project]
name = "shared"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["a>=1", "b"]

[tool.poetry]
package-mode = false
"""
KINDS = ("version", "source", "lock", "setting", "add", "install")
QUICK = KINDS[:4]
"""Those that change no environment."""
_FILES = ("pyproject.toml", "poetry.lock", "poetry.toml")
_LOCKED = {"a": "1.1", "b": "2.0", "c": "3.0"}
_WAITING = "waiting for process "
_UNLOCKED = "does not belong to this pyproject.toml"
_PAUSE = 0.002
"""Between two looks of a reader, which must leave the writers some time."""


@dataclass
class Outcome:
    """What some rounds have shown."""

    commands: int = 0
    failed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    """Files that a reader could not understand."""
    left: list[str] = field(default_factory=list)
    """Files that should not have been there at the end."""
    looks: int = 0
    seconds: list[float] = field(default_factory=list)
    """How long each command took, with its wait."""
    waits: int = 0
    """Commands that said for whom they waited."""
    unlocked: int = 0
    """Installations that came between a new source and the next lock, and said so."""


def work(seed: int, times: int, kinds: tuple[str, ...], *, is_locking: bool) -> None:
    """Be one writer: wait for a line, then run commands and tell what became of them."""
    from chapbook_core.cli import main
    from chapbook_core.commands import add, install, installing, lock, locking, writing_turn  # noqa: F401  loaded before the start, to meet

    if not is_locking:
        # Shows what happens without.
        vars(writing_turn)["hold_project"] = lambda *_words, **_options: contextlib.nullcontext()
    print("ready", flush=True)  # noqa: T201  the parent waits for it
    sys.stdin.readline()
    told = []
    for turn in range(times):
        for words in _commands(kinds[(seed + turn) % len(kinds)], f"{seed}x{turn}"):
            began = time.monotonic()
            errors = io.StringIO()
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
                status = main(words)
            told.append({"words": words, "status": status, "errors": errors.getvalue(), "began": began})
            told[-1]["seconds"] = time.monotonic() - began
    print(json.dumps(told), flush=True)  # noqa: T201  as above


def _commands(kind: str, name: str) -> list[list[str]]:
    url = f"https://example.org/{name}/"
    match kind:
        case "version":
            return [["version", "patch"]]
        case "source":
            passing = f"gone{name}"
            add = [["source", "add", "--priority=explicit", source, url] for source in (f"s{name}", passing)]
            return [*add, ["source", "remove", passing]]
        case "add":
            return [["add", f"kept{name}", f"gone{name}"], ["remove", f"gone{name}"]]
        case "install":
            return [["install"]]
        case "setting":
            return [["config", "--local", f"repositories.r{name}.url", url]]
        case _:
            return [["lock"]]


def run_rounds(
    writers: int, rounds: int = 1, times: int = 4, kinds: tuple[str, ...] = QUICK, *, is_locking: bool = True
) -> Outcome:
    """Let writers work in one fresh project a round."""
    outcome = Outcome()
    with FakeIndex() as index, tempfile.TemporaryDirectory() as place:
        for version in ("1.0", "1.1"):
            index.serve("a", version, requires=["c"])
        index.serve("b", "2.0")
        index.serve("c", "3.0")
        for name in (f"{seed}x{turn}" for seed in range(writers) for turn in range(times)):
            index.serve(f"kept{name}", "1.0", requires=["c"])
            index.serve(f"gone{name}", "1.0")
        for number in range(rounds):
            project = Path(place, f"round{number}")
            project.mkdir()
            (project / "pyproject.toml").write_text(PROJECT)
            variables = _variables(Path(place, "home"), index.url)
            words = ["--times", str(times), "--kinds", *kinds, *([] if is_locking else ["--no-lock"])]
            _round(project, variables, writers, words, outcome)
    return outcome


def _variables(home: Path, index: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "CHAPBOOK_", "POETRY_"))}
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), "PIP_INDEX_URL": index}


def _round(project: Path, variables: dict[str, str], writers: int, given: list[str], outcome: Outcome) -> None:
    words = [sys.executable, "-m", "tests.faults.two_writers", *given]
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [variables.get("PYTHONPATH")])])
    running = [
        subprocess.Popen(
            [*words, "--seed", str(seed)],
            cwd=project,
            env={**variables, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(writers)
    ]
    for writer in running:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    has_ended = threading.Event()
    reader = threading.Thread(target=_read, args=(project, has_ended, outcome))
    reader.start()
    try:
        for writer in running:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
        told = [report for writer in running for report in json.loads(writer.communicate(timeout=300)[0])]
    finally:
        has_ended.set()
        reader.join()
        for writer in running:
            writer.kill()
            writer.communicate()
    _judge(project, told, outcome)


def _read(project: Path, has_ended: threading.Event, outcome: Outcome) -> None:
    """Look at the files all the time; each must be whole at every moment."""
    while not has_ended.wait(_PAUSE):
        for name in _FILES:
            try:
                text = (project / name).read_text("utf-8")
                data = tomllib.loads(text)
            except FileNotFoundError:
                continue
            except ValueError as error:
                outcome.torn.append(f"{name}: {error}")
                continue
            outcome.looks += 1
            if name == "poetry.lock" and "content-hash" not in data.get("metadata", {}):
                outcome.torn.append(f"{name}: it has no content hash")


def _judge(project: Path, told: list[dict], outcome: Outcome) -> None:  # type: ignore[type-arg]  # plain JSON
    done = [report["words"] for report in told if report["status"] == 0]
    outcome.commands += len(told)
    outcome.seconds += [report["seconds"] for report in told]
    outcome.waits += sum(_WAITING in report["errors"] for report in told)
    failed = [f"{report['words']}: {report['errors']}" for report in told if report["status"]]
    expected_failures = [text for text in failed if text.startswith("['install']") and _UNLOCKED in text]
    outcome.unlocked += len(expected_failures)
    outcome.failed += [text for text in failed if text not in expected_failures]
    data = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    versions = sum(words[0] == "version" for words in done)
    if data["project"]["version"] != f"1.0.{versions}":
        outcome.lost.append(f"{versions} versions led to {data['project']['version']}")
    there = {source["name"] for source in data.get("tool", {}).get("poetry", {}).get("source", [])}
    expected = {words[3] for words in done if words[:2] == ["source", "add"]}
    expected -= {words[2] for words in done if words[:2] == ["source", "remove"]}
    outcome.lost += [f"source {name}" for name in sorted(expected ^ there)]
    settings = project / "poetry.toml"
    kept = tomllib.loads(settings.read_text("utf-8")).get("repositories", {}) if settings.exists() else {}
    asked = {words[2].split(".")[1] for words in done if words[0] == "config"}
    outcome.lost += [f"setting {name}" for name in sorted(asked ^ kept.keys())]
    outcome.lost += _lost_packages(project, done, data["project"]["dependencies"])
    outcome.left += sorted({path.name for path in project.iterdir()} - {*_FILES, ".chapbook", ".venv"})
    outcome.left += sorted(path.name for path in project.glob(".venv/.chapbook/*") if path.name != "state.json")


def _lost_packages(project: Path, done: list[list[str]], dependencies: list[str]) -> list[str]:
    """Return where project file, lock and environment differ from what was added, removed and installed."""
    added = {name for words in done if words[0] == "add" for name in words[1:]}
    added -= {name for words in done if words[0] == "remove" for name in words[1:]}
    lost = sorted(
        f"dependency {name}"
        for name in {"a", "b", *added} ^ {text.partition(" ")[0].partition(">")[0] for text in dependencies}
    )
    lock = project / "poetry.lock"
    if not lock.exists():
        return [*lost, *(["the lock"] if any(words[0] in ("add", "install", "lock") for words in done) else [])]
    packages = tomllib.loads(lock.read_text("utf-8"))["package"]
    pins = {f"{package['name']} {package['version']}" for package in packages}
    expected = {f"{name} {version}" for name, version in {**_LOCKED, **dict.fromkeys(added, "1.0")}.items()}
    lost += sorted(f"locked {pin}" for pin in expected ^ pins)
    if not any(words[0] in ("add", "install") for words in done):
        return lost
    from chapbook_core.environment.site_packages import scan_site_packages

    place = next(project.glob(".venv/lib/python*/site-packages"))
    there = {f"{one.name} {one.version}" for one in scan_site_packages(place)}
    return [*lost, *sorted(f"installed {pin}" for pin in expected ^ there)]


def main() -> None:
    """Run rounds from the command line, or be one of the writers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--writers", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--times", type=int, default=4, help="how often each writer takes its turn")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="what the writers do")
    parser.add_argument("--no-lock", action="store_true", help="see what is lost when nobody waits for anybody")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    if options.seed is not None:
        work(options.seed, options.times, tuple(options.kinds), is_locking=not options.no_lock)
        return
    failed = False
    for writers in options.writers:
        outcome = run_rounds(
            writers, options.rounds, options.times, tuple(options.kinds), is_locking=not options.no_lock
        )
        seconds = sorted(outcome.seconds)
        late = seconds[int(len(seconds) * 0.95)]
        told = (
            f"{writers} writers, {options.rounds} rounds, {outcome.commands} commands, {outcome.looks} looks, "
            f"{outcome.waits} told for whom they waited, "
            f"{outcome.unlocked} came before a lock: "
            f"failed {len(outcome.failed)}, lost {len(outcome.lost)}, torn {len(outcome.torn)}, "
            f"left {len(outcome.left)}; median {seconds[len(seconds) // 2]:.2f} s, p95 {late:.2f} s"
        )
        wrong = [*outcome.failed, *outcome.lost, *outcome.torn, *outcome.left]
        failed |= verdict(told, wrong=wrong, most=20)
    sys.exit(failed)


if __name__ == "__main__":
    main()
