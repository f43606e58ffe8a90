from __future__ import annotations

import platform
import sys
from itertools import islice

import pytest
from packaging.markers import Marker, default_environment
from packaging.tags import sys_tags

from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.target import MACHINES, PLATFORMS, Target, sample_targets


def test_the_environment_has_every_variable_of_pep_508() -> None:
    assert Target("3.12.1").environment().keys() == default_environment().keys()


@pytest.mark.skipif(sys.platform not in PLATFORMS, reason="a platform that is no target")
@pytest.mark.skipif(sys.implementation.name != "cpython", reason="an implementation with another version of its own")
def test_the_environment_of_this_interpreter_is_the_one_that_packaging_sees() -> None:
    here = Target(platform.python_version(), sys.platform, platform.machine())
    expected = {**default_environment(), "platform_release": "", "platform_version": ""}
    assert here.environment() == expected


@pytest.mark.parametrize(
    ("target", "marker"),
    [
        (Target("3.11.4", "win32", "AMD64"), 'os_name == "nt" and platform_system == "Windows"'),
        (Target("3.11.4", "darwin", "arm64"), 'sys_platform == "darwin" and platform_machine == "arm64"'),
        (
            Target("3.9.0", implementation="pypy"),
            'platform_python_implementation == "PyPy" and python_version < "3.10"',
        ),
        (Target("3.13.0"), 'platform_system == "Linux" and python_full_version >= "3.13"'),
    ],
)
def test_markers_see_the_target(target: Target, marker: str) -> None:
    assert Marker(marker).evaluate(target.environment())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="compares with this interpreter on glibc")
def test_the_tags_of_this_interpreter_are_the_ones_that_packaging_gives_in_the_same_order() -> None:
    major, minor = map(int, platform.libc_ver()[1].split("."))
    here = Target(platform.python_version(), sys.platform, platform.machine(), glibc=(major, minor))
    assert here.tags() == tuple(map(str, sys_tags()))


@pytest.mark.parametrize(
    ("target", "tag"),
    [
        (Target("3.11.4"), "cp311-cp311-manylinux_2_17_x86_64"),
        (Target("3.11.4"), "cp311-cp311-manylinux2014_x86_64"),
        (Target("3.11.4"), "cp38-abi3-manylinux1_x86_64"),
        (Target("3.11.4", machine="aarch64"), "cp311-cp311-manylinux2014_aarch64"),
        (Target("3.13.0", "darwin", "arm64"), "cp313-cp313-macosx_11_0_arm64"),
        (Target("3.13.0", "darwin", "x86_64"), "cp313-cp313-macosx_10_9_universal2"),
        (Target("3.13.0", "win32", "AMD64"), "cp313-cp313-win_amd64"),
        (Target("3.13.0", "win32", "ARM64"), "cp313-cp313-win_arm64"),
        (Target("3.10.4", implementation="pypy"), "pp310-pypy310_pp73-manylinux_2_17_x86_64"),
        (Target("3.11.4", "win32", "AMD64"), "py3-none-any"),
    ],
)
def test_wheels_for_the_target_fit(target: Target, tag: str) -> None:
    assert tag in target.tags()


@pytest.mark.parametrize(
    ("target", "tag"),
    [
        (Target("3.11.4"), "cp312-cp312-manylinux_2_17_x86_64"),
        (Target("3.11.4", glibc=(2, 17)), "cp311-cp311-manylinux_2_28_x86_64"),
        (Target("3.11.4", machine="aarch64"), "cp311-cp311-manylinux1_aarch64"),
        (Target("3.13.0", "darwin", "arm64", macos=(12, 0)), "cp313-cp313-macosx_14_0_arm64"),
        (Target("3.13.0", "win32", "AMD64"), "cp313-cp313-win32"),
        (Target("3.10.4", implementation="pypy"), "cp310-cp310-manylinux_2_17_x86_64"),
    ],
)
def test_wheels_for_other_targets_do_not_fit(target: Target, tag: str) -> None:
    assert tag not in target.tags()


def test_the_sample_is_three_platforms_by_two_machines_by_every_python_in_range() -> None:
    sample = sample_targets(parse_constraint(">=3.9.7,<3.13"))
    pythons = ["3.9.7", "3.10.0", "3.11.0", "3.12.0"]
    assert [target.python_full_version for target in islice(sample, 0, None, 6)] == pythons
    assert len(sample) == 24
    assert {(target.platform, target.machine) for target in sample} == {
        (name, machine) for name, machines in MACHINES.items() for machine in machines
    }


def test_a_target_shows_itself_in_words() -> None:
    assert str(Target("3.12.1", "darwin", "arm64")) == "CPython 3.12.1 on darwin arm64"
