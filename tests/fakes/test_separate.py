"""The index runs as a command, and can be asked and changed from outside."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.fakes.asking import ask
from tests.fakes.index.separate import separate_index

if TYPE_CHECKING:
    from pathlib import Path


def test_a_world_is_served_by_another_process(tmp_path: Path) -> None:
    world = tmp_path / "world.toml"
    world.write_text('latency-ms = 1\n[packages.a]\n"1.0" = ["b"]\n')
    with separate_index("--from", str(world), "--warm", "--max-age", "7") as index:
        answer = ask(f"{index.url}a/")
        assert (answer.status, answer.headers["cache-control"]) == (200, "max-age=7, public")
        assert index.counts["page"] == 1
        assert index.reset_counts()["page"] == 1
        assert not index.counts
        index.change(dialect="html-plain", latency_ms=0)
        assert "sha256" not in ask(f"{index.url}a/").text


def test_a_world_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.index", "--from", missing], capture_output=True, check=False, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
