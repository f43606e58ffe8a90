"""Each test runs code in a fresh Python, on the oldest one, the newest one and this one where they are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXTENSION = Path(__file__).parents[3] / "extension"
_PYENV = Path.home() / ".pyenv" / "versions"


def interpreters() -> dict[str, str]:
    """Return the Pythons that are here: the oldest a kernel may have, the first whose namespaces notice, the newest."""
    found = {"this": sys.executable}
    for version in ("3.8", "3.13"):
        programs = sorted(_PYENV.glob(f"{version}.*/bin/python"))
        found |= {version: str(programs[-1])} if programs else {}
    return found


PYTHONS = interpreters()


class Process:
    """A Python whose packages are in a folder below its prefix, as those of an environment."""

    def __init__(self, program: str, top: Path) -> None:
        self.program = program
        self.packages = top / "lib" / "site-packages"
        self.packages.mkdir(parents=True)
        self._top = top

    def write(self, path: str, text: str = "") -> None:
        file = self.packages / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def distribution(self, name: str, version: str, *files: str) -> None:
        self.write(f"{name}-{version}.dist-info/METADATA", f"Name: {name}\nVersion: {version}\n")
        self.write(f"{name}-{version}.dist-info/RECORD", "".join(f"{file},,\n" for file in files))

    def run(self, code: str) -> list[str]:
        """Run code that has the folder as `top`, the packages as `packages`, and the module under test."""
        head = (
            "import os, sys\n"
            f"sys.path.insert(0, {str(EXTENSION)!r})\n"
            f"sys.prefix, packages = {str(self._top)!r}, {str(self.packages)!r}\n"
            "sys.path.append(packages)\n"
            "from chapbook.magics import liveness\n"
            "def write(path, text=''):\n"
            "    path = os.path.join(packages, path)\n"
            "    os.makedirs(os.path.dirname(path), exist_ok=True)\n"
            "    with open(path, 'w') as file: file.write(text)\n"
        )
        words = [self.program, "-I", "-c", head + code]
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
        assert 0 == ended.returncode, ended.stderr
        return ended.stdout.splitlines()


@pytest.fixture(params=sorted(PYTHONS))
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Process:
    return Process(PYTHONS[request.param], tmp_path / "environment")


def test_what_is_told_are_the_modules_of_the_environment(process: Process) -> None:
    process.write("a/__init__.py")
    process.write("a/b.py")
    process.write("c.py")
    process.distribution("a", "1.0", "a/__init__.py")
    lines = process.run(
        "import a.b, json\n"
        "class Lazy:\n"
        "    def __getattribute__(self, name): print('asked for', name); raise RuntimeError\n"
        "sys.modules['lazy'] = Lazy()\n"
        "sys.modules['nothing'] = None\n"
        "told = liveness.Liveness().parameters(fresh=True)\n"
        "print(sorted(told['modules'].items()))\n"
        "print(told['started'], told['fresh'], told['prefix'] == sys.prefix)\n"
    )
    packages = process.packages
    expected = [("a", f"{packages}/a/__init__.py"), ("a.b", f"{packages}/a/b.py")]
    assert [str(expected), "{'a': '1.0'} True True"] == lines


def test_it_is_cheap(process: Process) -> None:
    lines = process.run(
        "import time, types\n"
        "for number in range(2000):\n"
        "    name = 'm%d' % number\n"
        "    sys.modules[name] = types.ModuleType(name)\n"
        "    sys.modules[name].__file__ = packages + '/' + name + '.py'\n"
        "alive = liveness.Liveness()\n"
        "best = min(-time.perf_counter() + [alive.parameters(), time.perf_counter()][1] for _ in range(5))\n"
        "print(len(alive.parameters()['modules']), best < 0.05)\n"
    )
    assert ["2000 True"] == lines


def test_a_new_module_and_a_new_path_are_found_in_the_next_line(process: Process, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "edited.py").write_text("")
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    lines = process.run(
        f"sys.path.append({str(overlay)!r})\n"
        "alive = liveness.Liveness()\n"
        "for name in ('late', 'edited'):\n"
        "    try: __import__(name)\n"
        "    except ImportError: print('no', name)\n"
        "write('late.py')\n"
        f"write('edited.pth', {str(sources)!r} + '\\n')\n"
        "alive.changed()\n"
        "import late, edited\n"
        "print([os.path.basename(entry) for entry in sys.path[-3:]])\n"
        "os.remove(os.path.join(packages, 'edited.pth'))\n"
        "alive.changed()\n"
        f"print({str(sources)!r} in sys.path)\n"
    )
    assert ["no late", "no edited", "['site-packages', 'sources', 'overlay']", "False"] == lines


def test_an_old_path_file_is_not_run_again(process: Process) -> None:
    process.write("once.pth", "import sys; print('run')\n")
    lines = process.run(
        "alive = liveness.Liveness()\n"
        "alive.changed()\n"
        "write('new.pth', 'import sys; print(\"new\")\\n')\n"
        "alive.changed()\n"
        "alive.changed()\n"
    )
    assert ["new"] == lines


def test_a_part_of_a_namespace_that_is_loaded_is_found(process: Process, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "space").mkdir(parents=True)
    (other / "space" / "far.py").write_text("")
    process.write("space/near.py")
    lines = process.run(
        "alive = liveness.Liveness()\n"
        "import space.near\n"
        "try: import space.late\n"
        "except ImportError: print('no')\n"
        "write('space/late.py')\n"
        f"write('more.pth', {str(other)!r} + '\\n')\n"
        "alive.changed()\n"
        "import space.late, space.far\n"
        "print('yes')\n"
    )
    assert ["no", "yes"] == lines


def test_the_versions_of_new_packages_are_known_at_once(process: Process) -> None:
    process.distribution("a", "1.0")
    lines = process.run(
        "from importlib import metadata\n"
        "alive = liveness.Liveness()\n"
        "print(metadata.version('a'))\n"
        "write('b-2.0.dist-info/METADATA', 'Name: b\\nVersion: 2.0\\n')\n"
        "alive.changed()\n"
        "print(metadata.version('b'), sorted(alive.versions.items()))\n"
    )
    assert ["1.0", "2.0 [('a', '1.0'), ('b', '2.0')]"] == lines


UPDATE = "os.rename(packages + '/a-1.0.dist-info', packages + '/a-1.1.dist-info')\n"


def test_of_what_was_changed_while_it_was_loaded_the_old_version_is_remembered(process: Process) -> None:
    process.distribution("a", "1.0", "a.py")
    lines = process.run(f"alive = liveness.Liveness()\n{UPDATE}alive.changed('', ['a'])\nprint(alive.versions)\n")
    assert ["{'a': '1.0'}"] == lines
    process.packages.joinpath("a-1.1.dist-info").rename(process.packages / "a-1.0.dist-info")
    lines = process.run(f"alive = liveness.Liveness()\n{UPDATE}alive.changed()\nprint(alive.versions)\n")
    assert ["{'a': '1.1'}"] == lines


@pytest.mark.parametrize("is_loaded", [True, False])
def test_what_others_change_is_told_once(process: Process, is_loaded: bool) -> None:
    process.distribution("a", "1.0", "a.py")
    process.write("a.py")
    lines = process.run(
        ("import a\n" if is_loaded else "")
        + f"alive = liveness.Liveness()\nprint([alive.drift()])\n{UPDATE}"
        + "print(alive.drift())\nprint([alive.drift()])\nprint(alive.versions)\n"
    )
    text = "the environment was changed outside of this kernel: a 1.0 -> 1.1"
    text += "; restart the kernel, which has loaded a" if is_loaded else ""
    assert ["['']", text, "['']", str({"a": "1.0" if is_loaded else "1.1"})] == lines


def test_a_lock_that_others_have_written_is_told_once(process: Process, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    lock = tmp_path / "poetry.lock"
    lock.write_text("one")
    lines = process.run(
        "alive = liveness.Liveness()\n"
        f"project, lock = {str(tmp_path)!r}, {str(lock)!r}\n"
        "print([alive.drift(project)])\n"
        "open(lock, 'w').write('three')\n"
        "print([alive.drift(project)])\n"
        "print([alive.drift(project)])\n"
        "open(lock, 'w').write('seven..')\n"
        "alive.changed(project)\n"
        "print([alive.drift(project)])\n"
    )
    assert "['']" == lines[0] == lines[2] == lines[3]
    assert "`poetry.lock` was changed outside of this kernel" in lines[1]
