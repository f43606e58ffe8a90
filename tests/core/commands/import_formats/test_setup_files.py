"""What is taken over of what setuptools was told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.import_formats.harvest import Harvest
from chapbook_core.commands.import_formats.setup_files import read_setup_cfg, read_setup_script

if TYPE_CHECKING:
    from chapbook_core.commands.import_formats.detection import Reader

CONFIGURATION = """\
[metadata]
name = theirs
[options]
python_requires = >=3.8
install_requires =
    apple>=1
    # a remark
    banana; python_version < "3.11"
[options.extras_require]
net = cherry; date
"""
SCRIPT = """\
import setuptools
setuptools.setup(
    "theirs", python_requires=">=3.8", packages=setuptools.find_packages(),
    install_requires=["apple>=1", 'banana; python_version < "3.11"'],
    extras_require={"net": ["cherry", "date"], ":sys_platform == 'win32'": "grape"},
)
"""
BOTH = [(None, "apple (>=1)"), (None, 'banana ; python_version < "3.11"'), ("net", "cherry"), ("net", "date")]


def wishes(harvest: Harvest) -> list[tuple[str | None, str]]:
    return [(wish.extra, wish.requirement.pep508_text()) for wish in harvest.wishes]


def test_the_lists_of_a_configuration_are_taken() -> None:
    harvest = Harvest(Path("here"))
    read_setup_cfg(CONFIGURATION, Path("setup.cfg"), harvest)
    assert (wishes(harvest), harvest.pythons, harvest.mistakes) == (BOTH, [">=3.8"], {})


def test_a_list_in_another_file_is_named() -> None:
    harvest = Harvest(Path("here"))
    read_setup_cfg("[options]\ninstall_requires = file: needs.txt\n", Path("setup.cfg"), harvest)
    assert [str(remark) for remark in harvest.remarks] == [
        "setup.cfg: what it requires is in needs.txt: import that too"
    ]


def test_plain_words_of_a_script_are_taken_and_it_is_not_run() -> None:
    harvest = Harvest(Path("here"))
    read_setup_script("raise SystemExit\n" + SCRIPT, Path("setup.py"), harvest)
    assert (wishes(harvest), harvest.pythons) == ([*BOTH, (None, 'grape ; sys_platform == "win32"')], [">=3.8"])
    assert not harvest.mistakes


def test_what_only_a_run_would_tell_is_told_with_its_line() -> None:
    harvest = Harvest(Path("here"))
    read_setup_script("from setuptools import setup\nsetup(install_requires=read())\n", Path("setup.py"), harvest)
    ((mistake,),) = harvest.mistakes.values()
    assert (mistake.message, mistake.line) == ("only running it tells its `install_requires`", 2)


@pytest.mark.parametrize("read", [read_setup_cfg, read_setup_script])
@pytest.mark.parametrize("text", ["[options", "install_requires = [", "[options]\ninstall_requires = a b c\n"])
def test_what_cannot_be_understood_is_told(read: Reader, text: str) -> None:
    harvest = Harvest(Path("here"))
    read(text, Path("setup"), harvest)
    assert harvest.mistakes


def test_whatever_setuptools_takes_for_a_list_is_one() -> None:
    harvest = Harvest(Path("here"))
    script = """setup(install_requires="apple>=1\\nbanana", extras_require={"net": {"cherry"}, "none": None})"""
    read_setup_script(script, Path("setup.py"), harvest)
    assert wishes(harvest) == [(None, "apple (>=1)"), (None, "banana"), ("net", "cherry")]
    assert harvest.mistakes == {}


def test_what_setuptools_would_not_understand_is_told() -> None:
    harvest = Harvest(Path("here"))
    script = """setup(\npython_requires=3,\nextras_require={"no name!": ["apple"]}, install_requires=1)"""
    read_setup_script(script, Path("setup.py"), harvest)
    (told,) = harvest.mistakes.values()
    assert [mistake.message for mistake in told] == [
        "its `python_requires` is nothing that setuptools understands",
        "`no name!` is not the name of an extra",
        "its `install_requires` is nothing that setuptools understands",
    ]
