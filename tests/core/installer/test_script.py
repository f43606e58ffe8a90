from __future__ import annotations

import pytest

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.script import Script, check_script_name, is_of_environment, parse_entry_points


def test_commands_are_read_from_their_two_groups() -> None:
    text = """
    # a comment
    [console_scripts]
    one = package.module:main
    two-b=package:Class.method [extra]
    [other]
    x = anything at all
    [gui_scripts]
    ; another comment
    three = package:run
    """
    expected = (
        Script("one", "package.module", "main"),
        Script("two-b", "package", "Class.method"),
        Script("three", "package", "run", is_gui=True),
    )
    assert expected == parse_entry_points(text.encode())


@pytest.mark.parametrize(
    "value",
    ["module", "module:", ":main", "module:main()", "a b:main", "module:main; import os", "module:class", "1a:main",
     "module:main\\", "os.import:x", "module::main"],
)  # fmt: skip
def test_what_is_no_reference_to_a_function_is_refused(value: str) -> None:
    with pytest.raises(Refusal, match="malformed entry point"):
        parse_entry_points(f"[console_scripts]\nx = {value}\n".encode())


def test_two_scripts_of_one_name_are_refused() -> None:
    with pytest.raises(Refusal, match="two scripts"):
        parse_entry_points(b"[console_scripts]\na = m:f\n[gui_scripts]\nA = m:g\n")


@pytest.mark.parametrize(
    "name",
    ["python", "python3.12", "Python.exe", "python.com", "Python3.BAT", "python3.13t", "pythonw", "pypy3", "activate",
     "activate.fish", "Activate.ps1", "deactivate.bat", "activate_this.py", "../x", "/x", "a/b", "..", ".", "", "x\\y",
     "con"],
)  # fmt: skip
def test_a_reserved_or_unsafe_name_is_refused(name: str) -> None:
    with pytest.raises(Refusal):
        check_script_name(name)


@pytest.mark.parametrize(
    "name",
    ["pip", "pip3.12", "f2py", "python-argcomplete-check", "activate-global-python-argcomplete", "pythonpy", "a b"],
)
def test_names_that_only_look_alike_are_taken(name: str) -> None:
    check_script_name(name)


@pytest.mark.parametrize("path", ["pyvenv.cfg", "PYVENV.CFG", "bin/python", "Scripts/python.exe", ".chapbook/journal"])
def test_files_of_an_environment_are_known(path: str) -> None:
    assert is_of_environment(path)


@pytest.mark.parametrize("path", ["bin/tool", "share/bin/python", "lib/pyvenv.cfg", "bin/sub/python"])
def test_other_files_are_not_of_the_environment(path: str) -> None:
    assert not is_of_environment(path)
