from __future__ import annotations

import json
import marshal
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import chapbook_core

if TYPE_CHECKING:
    from marshal import _Marshallable as Marshallable

pytestmark = pytest.mark.skipif(not hasattr(os, "pread"), reason="there are bundles where `pread` is")
PROGRAM = """
import json, os, sys
from chapbook_core.cli import leave

def told(status):
    modules = {name: one for name, one in sys.modules.items() if name.startswith("chapbook_core.")}
    facts = {
        name: [type(one.__loader__).__name__, one.__file__, one.__cached__, one.__package__, one.__spec__.origin,
               list(getattr(one, "__path__", ())), one.__spec__.has_location, type(one.__loader__).__module__]
        for name, one in modules.items()
    }
    from chapbook_core.commands.about import run
    facts[""] = run.__code__.co_filename
    sys.__stdout__.write("\\n" + json.dumps(facts) + "\\n")
    sys.__stdout__.flush()
    end(status)

end, os._exit = os._exit, told
leave()
"""


class Told(NamedTuple):
    text: str
    modules: dict[str, list[object]]
    code_of: object

    def bundled(self) -> set[str]:
        return {name for name, (loader, *_) in self.modules.items() if loader == "_Loader"}


class House:
    """A copy of our modules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def bundles(self) -> list[Path]:
        return list((self.folder / "chapbook_core" / "__pycache__").glob("*.bundle*"))

    def run(self, *options: str, **variables: str) -> Told:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            [sys.executable, *options, "-c", PROGRAM, "about"],
            env={**kept, "PYTHONPATH": str(self.folder), **variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        text, _, facts = done.stdout.rstrip("\n").rpartition("\n")
        modules = json.loads(facts)
        return Told(text, modules, modules.pop(""))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Give a house whose modules Python has compiled, without a bundle."""
    house, source = House(tmp_path_factory.mktemp("model")), Path(chapbook_core.__file__).parent
    shutil.copytree(source, house.folder / "chapbook_core", ignore=shutil.ignore_patterns("__pycache__"))
    house.run()
    for bundle in house.bundles:
        bundle.unlink()
    return house


@pytest.fixture
def house(model: House, tmp_path: Path) -> House:
    shutil.copytree(model.folder, tmp_path / "one")
    return House(tmp_path / "one")


BEFORE = {"chapbook_core.cli", "chapbook_core.cli.interrupts", "chapbook_core.cli.bundle"}
"""What is there before a bundle can be."""


def test_what_a_command_has_loaded_once_comes_from_the_bundle(house: House) -> None:
    first = house.run()
    assert set() == first.bundled()
    assert 1 == len(house.bundles)
    second = house.run()
    assert first.modules.keys() - BEFORE == second.bundled()
    assert first.text == second.text


def test_a_module_from_the_bundle_says_of_itself_what_python_says(house: House) -> None:
    first, second = house.run(), house.run()
    assert {name: facts[1:-1] for name, facts in first.modules.items()} == {
        name: facts[1:-1] for name, facts in second.modules.items()
    }
    assert first.code_of == second.code_of == str(house.folder / "chapbook_core" / "commands" / "about.py")


def test_a_changed_source_is_what_runs(house: House) -> None:
    house.run()
    about = house.folder / "chapbook_core" / "commands" / "about.py"
    about.write_text(about.read_text().replace("Chapbook", "Capybook"))
    changed = house.run()
    assert "Capybook" in changed.text
    assert "chapbook_core.commands.about" not in changed.bundled()
    again = house.run()
    assert changed.text == again.text
    assert "chapbook_core.commands.about" in again.bundled()


def test_a_source_of_the_same_size_with_another_time_is_what_runs(house: House) -> None:
    house.run()
    about = house.folder / "chapbook_core" / "commands" / "about.py"
    before = about.stat()
    about.write_text(about.read_text().replace("Chapbook", "Capybook"))
    os.utime(about, ns=(before.st_atime_ns, before.st_mtime_ns + 2_000_000_000))
    assert before.st_size == about.stat().st_size
    assert "Capybook" in house.run().text


def test_a_source_of_the_same_size_and_the_same_time_of_which_python_keeps_nothing_is_what_runs(house: House) -> None:
    house.run()
    about = house.folder / "chapbook_core" / "commands" / "about.py"
    before = about.stat()
    text = about.read_text().replace("Chapbook", "Capybook")
    # As who installs another version does.
    about.unlink()
    for kept in (about.parent / "__pycache__").glob("about.*"):
        kept.unlink()
    about.write_text(text)
    os.utime(about, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert before.st_size == about.stat().st_size
    assert "Capybook" in house.run().text


def test_a_module_that_is_gone_is_gone(house: House) -> None:
    house.run()
    (house.folder / "chapbook_core" / "commands" / "about.py").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        house.run()


@pytest.mark.parametrize("kept", [0, 10, 100, 5_000, -1])
def test_a_bundle_that_was_not_written_to_its_end_is_replaced(house: House, kept: int) -> None:
    first = house.run()
    (bundle,) = house.bundles
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:kept])
    damaged = house.run()
    assert (first.text, set()) == (damaged.text, damaged.bundled())
    assert len(whole) == bundle.stat().st_size


def test_code_that_is_none_is_taken_from_where_python_has_it(house: House) -> None:
    first = house.run()
    (bundle,) = house.bundles
    whole = bundle.read_bytes()
    # The head stays as it is.
    bundle.write_bytes(whole[: len(whole) // 2] + b"\0" * (len(whole) - len(whole) // 2))
    damaged = house.run()
    assert first.text == damaged.text
    house.run()
    assert first.modules.keys() - BEFORE == house.run().bundled()


MARK = b"chapbook bundle 1\n"
PART = (False, "/commands/about.py", (1, 1, 1), 0, 0)


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [],
        b"chapbook_core.commands.about",
        {"chapbook_core.commands.about": None},
        {"chapbook_core.commands.about": PART[:4]},
        {"chapbook_core.commands.about": (*PART, 0)},
        {"chapbook_core.commands.about": (False, b"/commands/about.py", *PART[2:])},
        {"chapbook_core.commands.about": (*PART[:2], (1, 1), 0, 0)},
        {"chapbook_core.commands.about": (*PART[:3], 0, 1 << 70)},
        {"chapbook_core.commands.about": (*PART[:3], -1, 0)},
        {"chapbook_core.commands.about": (*PART[:3], "0", "0")},
        {"chapbook_core.commands.about": (False, "\0", *PART[2:])},
    ],
)
def test_a_bundle_that_has_another_shape_is_replaced(house: House, parts: Marshallable) -> None:
    first = house.run()
    (bundle,) = house.bundles
    head = marshal.dumps((str(house.folder / "chapbook_core"), 0, parts))
    bundle.write_bytes(MARK + len(head).to_bytes(8, "big") + head)
    foreign = house.run()
    assert (first.text, set()) == (foreign.text, foreign.bundled())
    assert first.modules.keys() - BEFORE == house.run().bundled()


@pytest.mark.parametrize("other", [7, "print('no code')", None, (1, 2)])
def test_what_is_no_code_is_not_run(house: House, other: Marshallable) -> None:
    first = house.run()
    (bundle,) = house.bundles
    whole = bundle.read_bytes()
    length = int.from_bytes(whole[len(MARK) : len(MARK) + 8], "big")
    start = len(MARK) + 8
    root, rest, parts = marshal.loads(whole[start : start + length])
    code = marshal.dumps(other)
    parts = {name: (*part[:3], 0, len(code)) for name, part in parts.items()}
    head = marshal.dumps((root, rest, parts))
    bundle.write_bytes(MARK + len(head).to_bytes(8, "big") + head + code.ljust(rest, b"\0"))
    assert first.text == house.run().text
    house.run()
    assert first.modules.keys() - BEFORE == house.run().bundled()


def test_a_bundle_that_came_along_to_another_folder_is_replaced(house: House, tmp_path: Path) -> None:
    house.run()
    shutil.copytree(house.folder, tmp_path / "two")
    other = House(tmp_path / "two")
    assert set() == other.run().bundled()
    moved = other.run()
    assert moved.bundled()
    assert str(other.folder / "chapbook_core" / "commands" / "about.py") == moved.code_of


def test_other_commands_add_to_what_is_there(house: House) -> None:
    house.run()
    (bundle,) = house.bundles
    size = bundle.stat().st_size
    code = "import sys; sys.argv = ['chapbook', 'help', 'sync']; from chapbook_core.cli import leave; leave()"
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(house.folder)}
    subprocess.run([sys.executable, "-c", code], env=variables, cwd=house.folder, stdout=subprocess.DEVNULL, check=True)
    assert size < bundle.stat().st_size
    assert house.run().bundled()
    assert [bundle] == house.bundles


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        ((), {"PYTHONDONTWRITEBYTECODE": "1"}),
        (("-O",), {}),
        (("-X", "pycache_prefix=elsewhere"), {}),
    ],
)
def test_who_wants_no_code_kept_there_gets_no_bundle(
    house: House, options: tuple[str, ...], variables: dict[str, str]
) -> None:
    house.run(*options, **variables)
    assert [] == house.bundles


def test_no_bundle_is_read_where_python_is_to_leave_something_out(house: House) -> None:
    house.run()
    assert set() == house.run("-O").bundled()
    assert set() == house.run("-X", "pycache_prefix=elsewhere").bundled()
    # That one is not written is no reason not to read it.
    assert house.run(PYTHONDONTWRITEBYTECODE="1").bundled()
