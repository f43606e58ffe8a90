"""`python -m tests.interop.table --index URL`: ten real requirement sets, locked by Poetry and by us."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.interop.interchange import Interchange, LockFailed, Pair, interchange
from tests.interop.lock_sets import SETS
from tests.interop.poetry_program import (
    POETRY,
    WITHOUT_POETRY,
    chapbook_started,
    make_environment,
    poetry,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HEAD = (
    "set",
    "packages",
    "`poetry check --lock`",
    "Poetry plans our set",
    "`poetry lock` on our lock",
    "fresh versions as Poetry's",
    "we leave Poetry's lock",
    "Poetry's lock plans the same",
    "again / after `poetry lock`",
    "seconds, ours / Poetry",
)
_SHOWN = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, then what differs."""
    options = _parser().parse_args(arguments)
    if POETRY is None:
        sys.stderr.write(f"{WITHOUT_POETRY}\n")
        return 1
    folder = Path(options.keep) if options.keep else Path(tempfile.mkdtemp(prefix="interchange-"))
    folder.mkdir(parents=True, exist_ok=True)
    environment = folder / "environment"
    if not environment.exists():
        make_environment(environment)
    pair = Pair(chapbook_started, poetry, environment)
    _say(f"| {' | '.join(_HEAD)} |")
    _say(f"|{'---|' * len(_HEAD)}")
    details: list[str] = []
    for lock_set in SETS:
        if options.sets and lock_set.name not in options.sets:
            continue
        place = folder / lock_set.name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / "pyproject.toml").write_text(lock_set.project_file(options.index), encoding="utf-8")
        try:
            found = interchange(pair, place)
        except LockFailed as error:
            _say(f"| {lock_set.name} | not locked |{' |' * (len(_HEAD) - 2)}")
            details += ["", f"## {lock_set.name}", "", "```", str(error), "```"]
            continue
        _say(f"| {lock_set.name} | {' | '.join(_row(found))} |")
        details += _details(lock_set.name, found)
    _say("\n".join(details))
    if not options.keep:
        shutil.rmtree(folder)
    return 0


def _row(found: Interchange) -> tuple[str, ...]:
    if not found.relock_text:
        relock = "byte-identical"
    elif not found.relock:
        relock = f"same versions, {len(found.relock_text) // 2} lines reworded"
    else:
        relock = f"{len(found.relock)} versions changed"
    return (
        str(found.packages),
        "no" if found.check else "yes",
        "no" if found.plan else "yes",
        relock,
        f"no: {len(found.fresh)} differ" if found.fresh else "yes" if found.fresh_text else "yes, and every byte",
        "changed" if found.foreign_text else "unchanged",
        "no" if found.foreign_plan else "yes",
        f"{_changed(found.again)} / {_changed(found.after)}",
        f"{found.seconds:.1f} / {found.poetry_seconds:.1f}",
    )


def _changed(lines: tuple[str, ...]) -> str:
    return "changed" if lines else "unchanged"


def _details(name: str, found: Interchange) -> Iterator[str]:
    sections = (
        ("`poetry check --lock` said", (found.check,) if found.check else ()),
        ("Plans from our lock", found.plan),
        ("Versions that `poetry lock` changed", found.relock),
        ("Lines that `poetry lock` changed", found.relock_text),
        ("Our fresh versions -> Poetry's", found.fresh),
        ("Lines of Poetry's lock we would change", found.foreign_text),
        ("Plans from Poetry's lock", found.foreign_plan),
        ("Lines changed by locking again", found.again),
        ("Lines changed by locking after `poetry lock`", found.after),
    )
    if any(lines for _, lines in sections):
        yield from ("", f"## {name}")
    for title, lines in sections:
        if lines:
            yield from ("", f"{title}: {len(lines)}", "", "```", *lines[:_SHOWN], "```")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.interop.table", description=__doc__)
    parser.add_argument("--index", required=True, metavar="URL", help="a simple index with real packages")
    parser.add_argument("--keep", metavar="FOLDER", help="where the projects are left; otherwise they are removed")
    parser.add_argument("sets", nargs="*", help="only these")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
