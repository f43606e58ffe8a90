from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chapbook_core.installer.launcher import adapted_script, first_lines, script_file
from chapbook_core.installer.schemes import InstallPaths
from chapbook_core.installer.script import Script


def paths_with(interpreter: Path, platform: str = "linux", machine: str = "") -> InstallPaths:
    return InstallPaths(Path("/v"), "lib", "lib", "bin", "include", interpreter, platform, machine)


def test_the_first_line_names_the_interpreter() -> None:
    name, content = script_file(Script("tool", "package.module", "main"), paths_with(Path("/v/bin/python")))
    assert "tool" == name
    assert content.startswith(b"#!/v/bin/python\n")
    assert b"from package.module import main\n" in content


def test_a_method_is_called_on_its_class() -> None:
    _, content = script_file(Script("tool", "package", "Class.run"), paths_with(Path("/v/bin/python")))
    assert b"from package import Class\n" in content
    assert b"sys.exit(Class.run())" in content


@pytest.mark.skipif(sys.platform == "win32", reason="first lines are POSIX")
@pytest.mark.parametrize(
    "folder",
    [
        "plain",
        "with space",
        "x" * 150,
        "it's",
        "two ''quotes and space",
        'a$b `c` "d" e',
        "back\\slash U",
        "new\nline",
        "caf\u00e9 \u4f60",
        "\\U and space",
    ],
)
def test_a_script_runs_wherever_its_interpreter_is(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir()
    interpreter = place / "python"
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    interpreter.chmod(0o755)
    script = tmp_path / "script"
    script.write_bytes(first_lines(interpreter) + b"import sys\nprint(sys.argv[1:])\n")
    script.chmod(0o755)
    done = subprocess.run([script, "a b", "$c"], capture_output=True, text=True, check=False)
    assert ("['a b', '$c']\n", "") == (done.stdout, done.stderr)


def test_a_script_of_a_wheel_gets_the_interpreter_and_another_stays_as_it_is() -> None:
    paths = paths_with(Path("/v/bin/python"))
    assert ("x.py", b"#!/v/bin/python\nprint(1)\n") == adapted_script("x.py", b"#!python\nprint(1)\n", paths)
    assert ("x", b"#!/v/bin/python\n") == adapted_script("x", b"#!pythonw\r\n", paths)
    assert adapted_script("x", b"#!/bin/sh\necho\n", paths) is None
    assert adapted_script("x", b"", paths) is None


@pytest.mark.parametrize(
    ("machine", "is_gui", "launcher"),
    [
        ("AMD64", False, "t64.exe"),
        ("AMD64", True, "w64.exe"),
        ("ARM64", False, "t64-arm.exe"),
        ("x86", True, "w32.exe"),
    ],
)
def test_windows_gets_a_program_with_the_script_behind_it(machine: str, is_gui: bool, launcher: str) -> None:
    distlib = pytest.importorskip("distlib")
    interpreter = Path("/v/Scripts/python.exe")
    name, content = script_file(Script("tool", "m", "f", is_gui=is_gui), paths_with(interpreter, "win32", machine))
    start = Path(os.path.dirname(distlib.__file__), launcher).read_bytes()  # noqa: PTH120  a module's file is a text
    assert "tool.exe" == name
    assert content.startswith(start)
    program = "pythonw.exe" if is_gui else "python.exe"
    assert content[len(start) :].startswith(f'#!"/v/Scripts/{program}"\n'.encode())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"sys.exit(f())" in archive.read("__main__.py")
