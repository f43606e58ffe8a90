"""`python -m tests.fakes.index`: an index in a process of its own, for benchmarks and for trying things by hand."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.index.description import Scene, WorldMistake, read_scene
from tests.fakes.index.dialect import DIALECTS
from tests.fakes.index.fake_index import FakeIndex
from tests.fakes.index.generated import Shape, generated_world

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; the first line of output is the address."""
    options = _parser().parse_args(arguments)
    try:
        scene = _scene(options)
    except (OSError, ValueError, WorldMistake) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    index = FakeIndex(
        scene.world,
        port=options.port,
        dialect=options.dialect or scene.dialect,
        latency=scene.latency if options.latency_ms is None else options.latency_ms / 1000,
        tls="valid" if options.tls else None,
        remember=False,
        control=True,
    )
    index.max_age = scene.max_age if options.max_age is None else options.max_age
    index.files_elsewhere = scene.files_elsewhere
    with index:
        if options.warm:
            index.warm()
        lines = [index.url, str(index.certificate)] if options.tls else [index.url]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
        _wait()
    return 0


def _scene(options: argparse.Namespace) -> Scene:
    if options.generated is not None:
        return Scene(generated_world(Shape(packages=options.generated, seed=options.seed)))
    return read_scene(Path(options.world).read_text(encoding="utf-8"))


def _wait() -> None:
    done = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: done.set())
    done.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.index", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--from", dest="world", metavar="WORLD.TOML", help="a world as `description` reads it")
    source.add_argument("--generated", type=int, metavar="PACKAGES", help="a random world of so many packages")
    parser.add_argument("--seed", type=int, default=0, help="which random world")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency-ms", type=float, help="before each answer")
    parser.add_argument("--max-age", type=int, help="of pages, in seconds")
    parser.add_argument("--dialect", choices=sorted(DIALECTS))
    parser.add_argument("--tls", action="store_true", help="with a certificate whose path is the second line")
    parser.add_argument("--warm", action="store_true", help="make every page before the first request")
    return parser


if __name__ == "__main__":
    sys.exit(main())
