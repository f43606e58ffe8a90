from __future__ import annotations

import subprocess
import sys

import pytest

from chapbook_core.requirements.marker import parse_marker
from tests.property.marker_samples import REAL_MARKERS

CANONICAL = [
    ('python_version >= "3.12" and python_version < "3.13"', 'python_version == "3.12"'),
    ('python_version < "3.9" or python_version >= "3.10"', 'python_version != "3.9"'),
    ('python_version == "3.8" or python_version == "3.9"', 'python_version >= "3.8" and python_version < "3.10"'),
    ('python_full_version >= "3.9.1" and python_full_version < "3.9.2"', 'python_full_version == "3.9.1"'),
    (
        'python_full_version > "3.9.1" or python_version < "3.8"',
        'python_version < "3.8" or python_full_version > "3.9.1"',
    ),
    (
        '"3.9.1" > python_full_version',
        'python_full_version <= "3.9.1" and python_full_version != "3.9.1"',
    ),
    ('python_full_version < "3.11.4"', 'python_full_version < "3.11.4"'),
    ('extra == "x" and sys_platform == "win32"', 'sys_platform == "win32" and extra == "x"'),
    ('os_name == "nt" or platform_system == "Windows"', 'sys_platform == "win32"'),
    ('sys_platform == "linux" or sys_platform != "win32"', 'sys_platform != "win32"'),
    ('implementation_name == "pypy"', 'platform_python_implementation == "PyPy"'),
    ("os_name == 'posix'", 'os_name == "posix"'),
    (
        '(sys_platform == "linux" and extra == "x") or (sys_platform == "darwin" and extra == "x")',
        '(sys_platform == "darwin" or sys_platform == "linux") and extra == "x"',
    ),
    (
        '(python_version < "3.9" or sys_platform == "win32") and (python_version < "3.9" or extra == "x")',
        'python_version < "3.9" or sys_platform == "win32" and extra == "x"',
    ),
    ('"arm" in platform_machine', '"arm" in platform_machine'),
    ('"win" not in sys_platform', '"win" not in sys_platform'),
    ("platform_version == 'a \"b\"'", "platform_version == 'a \"b\"'"),
]


@pytest.mark.parametrize(("written", "printed"), CANONICAL)
def test_a_marker_is_printed_short_and_read_back_equal(written: str, printed: str) -> None:
    marker = parse_marker(written)
    assert str(marker) == printed
    assert parse_marker(printed) == marker


@pytest.mark.parametrize(
    ("written", "under", "printed"),
    [
        ('python_version >= "3.8" and sys_platform == "win32"', 'python_version >= "3.9"', 'sys_platform == "win32"'),
        ('python_version >= "3.8"', 'python_version >= "3.9"', ""),
        ('python_version < "3.8"', 'python_version >= "3.9"', 'python_version < "0"'),
        ('python_version >= "3.9" and python_version < "3.12"', 'python_version >= "3.9"', 'python_version < "3.12"'),
        (
            'python_version in "3.10 3.11"',
            'python_version >= "3.8"',
            'python_version >= "3.10" and python_version < "3.12"',
        ),
        ('python_version == "3.9"', 'python_version >= "3.9"', 'python_version < "3.10"'),
        ('sys_platform == "linux" and extra == "x"', 'extra == "x"', 'sys_platform == "linux"'),
    ],
)
def test_what_the_project_promises_anyway_is_left_out(written: str, under: str, printed: str) -> None:
    marker = parse_marker(written)
    assert marker.text(parse_marker(under)) == printed
    assert marker.simplified(parse_marker(under)) == parse_marker(printed)


def test_the_text_does_not_depend_on_what_was_parsed_before() -> None:
    program = (
        "import sys\n"
        "from chapbook_core.requirements.marker import parse_marker\n"
        "texts = sys.stdin.read().splitlines()\n"
        "markers = [parse_marker(text) for text in (reversed(texts) if sys.argv[1] == 'back' else texts)]\n"
        "if sys.argv[1] == 'back': markers.reverse()\n"
        "print(*markers, *(a & b | ~c for a, b, c in zip(markers, markers[7:], markers[13:])), sep='\\n')\n"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program, direction],
            input="\n".join(REAL_MARKERS),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for direction in ("forth", "back")
    ]
    assert outputs[0] == outputs[1]


def test_a_hundred_extras_are_listed() -> None:
    written = " or ".join(f'extra == "x{index:03}"' for index in range(100))
    assert str(parse_marker(written)) == written
