from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.errors import Cancelled
from chapbook_core.installer.unplacement import NoRecord, belongings, take_out
from tests.fakes.installing import tree
from tests.fakes.watcher import RecordingWatcher
from tests.fakes.wheels import GOOD, Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.environment.site_packages import Distribution
    from chapbook_core.installer.schemes import InstallPaths
    from tests.fakes.installing import Bench

LIBRARY = "lib/python3.11/site-packages"


def distribution(paths: InstallPaths, name: str = "good") -> Distribution:
    return scan_site_packages(paths.root / paths.purelib).distributions[name]


def test_bytecode_goes_with_its_modules(bench: Bench) -> None:
    paths = bench.environment(is_real=True)
    before = tree(paths.root)
    bench.install(paths, Recipe(files={"single.py": b"X = 1\n", "good/deep/er.py": b""}))
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    subprocess.run([paths.interpreter, "-c", "import good.deep.er, single"], check=True, env=variables)
    assert (paths.root / LIBRARY / "__pycache__").is_dir()
    bench.uninstall(paths, "good")
    assert before == tree(paths.root)


def test_what_a_person_has_put_beside_stays(bench: Bench) -> None:
    paths = bench.environment()
    bench.install(paths, GOOD)
    notes = paths.root / LIBRARY / "good" / "sub" / "notes.md"
    notes.write_text("mine")
    bench.uninstall(paths, "good")
    assert "mine" == notes.read_text()
    assert ["good"] == [path.name for path in (paths.root / LIBRARY).iterdir()]
    assert ["sub"] == [path.name for path in (paths.root / LIBRARY / "good").iterdir()]


def test_rows_that_lead_elsewhere_are_left_alone(bench: Bench) -> None:
    paths = bench.environment()
    bench.install(paths, GOOD)
    canary = bench.folder / "canary"
    canary.write_text("as it was")
    through = bench.folder / "outside"
    through.mkdir()
    (through / "file").write_text("as it was")
    (paths.root / LIBRARY / "door").symlink_to(through)
    record = distribution(paths).record
    paths_elsewhere = ["../../../../canary", f"{canary}", "../../../bin/python", "../../../pyvenv.cfg", "door/file"]
    rows = [f"{path},,\n" for path in [*paths_elsewhere, "good/../../../../../canary"]]
    record.write_text(record.read_text() + "".join(rows))
    left = belongings(paths, distribution(paths)).left
    assert 6 == len(left)
    bench.uninstall(paths, "good")
    assert "as it was" == canary.read_text() == (through / "file").read_text()
    assert (paths.root / "bin" / "python").is_symlink()
    assert (paths.root / "pyvenv.cfg").is_file()
    assert 6 == len([message for message in bench.watcher.warnings if "not its own" in message])


def test_files_of_another_distribution_are_left_alone(bench: Bench) -> None:
    paths = bench.environment()
    bench.install(paths, GOOD, Recipe("victim"))
    record = distribution(paths).record
    record.write_text(record.read_text() + "victim/__init__.py,,\n")
    bench.uninstall(paths, "good")
    assert (paths.root / LIBRARY / "victim" / "__init__.py").is_file()


def test_without_a_list_of_files_nothing_is_guessed(bench: Bench) -> None:
    paths = bench.environment()
    bench.install(paths, GOOD)
    distribution(paths).record.unlink()
    before = tree(paths.root)
    with pytest.raises(NoRecord, match="it has no list of its files"):
        bench.uninstall(paths, "good")
    assert before == tree(paths.root)


def test_an_interruption_brings_everything_back(bench: Bench) -> None:
    paths = bench.environment()
    bench.install(paths, GOOD, Recipe("other"))
    before = tree(paths.root)
    both = [distribution(paths), distribution(paths, "other")]
    with pytest.raises(Cancelled):
        take_out(both, paths, RecordingWatcher(cancel_after=1))
    assert before == tree(paths.root)


def test_a_missing_file_does_not_stop_it(bench: Bench) -> None:
    paths = bench.environment()
    before = tree(paths.root)
    bench.install(paths, GOOD)
    (paths.root / LIBRARY / "good" / "__init__.py").unlink()
    bench.uninstall(paths, "good")
    assert before == tree(paths.root)


def test_what_a_peer_has_installed_goes_as_well(bench: Bench, uv: Path) -> None:
    paths = bench.environment(is_real=True)
    before = tree(paths.root)
    wheel = GOOD.write(bench.folder)
    command = [str(uv), "pip", "install", "--no-index", "--no-deps", "--python", str(paths.interpreter), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    bench.uninstall(paths, "good")
    after = tree(paths.root)
    # The peer leaves a lock file of its own.
    assert set(before) == {path for path in after if not path.endswith(".lock")}
