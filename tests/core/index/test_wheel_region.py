from __future__ import annotations

import pytest

from chapbook_core.index.file import File
from chapbook_core.index.wheel_region import region_of
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import parse_marker, python_marker
from chapbook_core.requirements.target import sample_targets


def _files(*tags: str) -> list[File]:
    names = [f"a-1-{tag}.whl" if tag != "sdist" else "a-1.tar.gz" for tag in tags]
    return [File(name, "1", f"https://example.org/{name}") for name in names]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["py3-none-any"], True),
        (["py2.py3-none-any"], True),
        (["py2-none-any"], False),
        (["cp27-cp27mu-manylinux1_x86_64"], False),
        (["cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64"], False),
        (["cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"], True),
        (["cp39-abi3-win_amd64"], True),
        (["cp313-abi3-win_amd64"], False),
        (["cp313-cp313-win_amd64"], False),
        (["cp312-cp312-macosx_11_0_arm64"], True),
        (["pp39-pypy39_pp73-win_amd64"], False),
        (["cp310-cp310-win32", "sdist"], True),
        (["cp312-cp312-musllinux_1_1_s390x"], True),
        (["graalpy311-graalpy240_311_native-some_thing"], True),
        ([], False),
    ],
)
def test_it_fits_a_project_for_311_and_312(tags: list[str], expected: bool) -> None:
    project = python_marker(parse_constraint(">=3.11,<3.13"))

    assert expected is not region_of(_files(*tags)).is_disjoint(project)


@pytest.mark.parametrize(
    ("tag", "marker"),
    [
        ("cp312-cp312-macosx_11_0_arm64", "sys_platform == 'linux'"),
        ("cp312-cp312-manylinux_2_17_aarch64", "platform_machine == 'x86_64'"),
        ("cp312-cp312-win_amd64", "os_name == 'posix'"),
        ("cp312-cp312-win_amd64", "platform_system == 'Linux'"),
        ("pp310-pypy310_pp73-win_amd64", "platform_python_implementation == 'CPython'"),
    ],
)
def test_it_fits_no_project_for_other_systems(tag: str, marker: str) -> None:
    assert region_of(_files(tag)).is_disjoint(parse_marker(marker))


@pytest.mark.parametrize(
    "tag",
    [
        "cp311-cp311-manylinux_2_17_x86_64",
        "cp38-abi3-manylinux_2_28_aarch64",
        "cp312-cp312-macosx_10_9_universal2",
        "cp312-cp312-macosx_11_0_arm64",
        "cp310-none-win_amd64",
        "py3-none-win32",
        "py39-none-any",
        "pp310-pypy310_pp73-manylinux_2_17_x86_64",
        "cp313-cp313t-win_arm64",
    ],
)
@pytest.mark.parametrize("implementation", ["cpython", "pypy"])
def test_wherever_the_tags_of_a_target_take_a_wheel_its_region_does(tag: str, implementation: str) -> None:
    (file,) = _files(tag)
    region = region_of([file])
    for target in sample_targets(implementation=implementation):
        if set(file.wheel.tags) & set(target.tags()):
            assert region.evaluate(target.environment()), target
