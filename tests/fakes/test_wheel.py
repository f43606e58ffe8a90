"""Wheels of the fake index are wheels to everybody else."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode

import pytest
from packaging.metadata import Metadata
from packaging.utils import parse_wheel_filename

from tests.fakes.index.wheel import make_wheel, wheel_name
from tests.fakes.index.world import describe


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def test_the_file_name_tells_name_version_build_and_tags() -> None:
    release = describe("Foo.Bar-baz", "1.0.post2", build="3")
    name, version, build, tags = parse_wheel_filename(wheel_name(release, "cp311.cp312-abi3-win_amd64"))
    assert (name, str(version), build) == ("foo-bar-baz", "1.0.post2", (3, ""))
    assert {str(tag) for tag in tags} == {"cp311-abi3-win_amd64", "cp312-abi3-win_amd64"}


def test_a_description_gives_the_same_bytes_every_time_and_in_every_process() -> None:
    program = (
        "import hashlib; from tests.fakes.index.world import describe; from tests.fakes.index.wheel import make_wheel;"
        "print(hashlib.sha256(make_wheel(describe('a', '1', requires=['b'], weight=9), 'py3-none-any')).hexdigest())"
    )
    content = make_wheel(describe("a", "1", requires=["b"], weight=9), "py3-none-any")
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert elsewhere.stdout.strip() == hashlib.sha256(content).hexdigest()


def test_record_lists_every_member_with_its_digest() -> None:
    release = describe("a", "1.0", files={"a/x,y.py": "", "a/data.txt": "é" * 200}, scripts={"a": "a:main"})
    with opened(make_wheel(release, "py3-none-any")) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("a-1.0.dist-info/RECORD").decode())))
        assert [row[0] for row in rows] == archive.namelist()
        for path, digest, size in rows[:-1]:
            content = archive.read(path)
            expected = urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert (digest, size) == (f"sha256={expected}", str(len(content)))
        assert rows[-1] == ["a-1.0.dist-info/RECORD", "", ""]


def test_metadata_is_valid_and_tells_requirements_and_extras() -> None:
    release = describe(
        "A",
        "1.0",
        requires=["b>=1", "c; python_version < '3.9'"],
        python=">=3.8",
        extras={"x": ["d", "e>2; sys_platform == 'win32'"]},
    )
    with opened(make_wheel(release, "py3-none-any")) as archive:
        metadata = Metadata.from_email(archive.read("a-1.0.dist-info/METADATA"))
    assert (metadata.name, str(metadata.version), str(metadata.requires_python)) == ("A", "1.0", ">=3.8")
    assert metadata.provides_extra == ["x"]
    assert [str(requirement) for requirement in metadata.requires_dist or ()] == [
        "b>=1",
        'c; python_version < "3.9"',
        'd; extra == "x"',
        'e>2; sys_platform == "win32" and extra == "x"',
    ]


def test_members_of_the_data_folder_stand_beside_the_modules() -> None:
    release = describe("a", "1", files={".data/scripts/run": "#!python\n", ".dist-info/licenses/LICENSE": "free"})
    with opened(make_wheel(release, "py3-none-any")) as archive:
        assert {"a-1.data/scripts/run", "a-1.dist-info/licenses/LICENSE"} <= set(archive.namelist())
        assert archive.getinfo("a-1.data/scripts/run").external_attr >> 16 == 0o100755


def test_entry_points_are_written_by_groups() -> None:
    release = describe("a", "1", scripts={"run": "a:main"}, entry_points={"plug": {"x": "a:X", "y": "a:Y"}})
    with opened(make_wheel(release, "py3-none-any")) as archive:
        text = archive.read("a-1.dist-info/entry_points.txt").decode()
    assert text == "[plug]\nx = a:X\ny = a:Y\n\n[console_scripts]\nrun = a:main\n"


@pytest.mark.parametrize("weight", [0, 100_000])
def test_weight_makes_a_wheel_at_least_as_large(weight: int) -> None:
    content = make_wheel(describe("a", "1", weight=weight), "py3-none-any")
    assert weight < len(content) < weight + 2_000


def test_file_names_may_spell_the_project_in_old_ways() -> None:
    release = describe("A.b", "1", stem="A.b")
    assert wheel_name(release, "py3-none-any") == "A.b-1-py3-none-any.whl"
    assert opened(make_wheel(release, "py3-none-any")).namelist()[-1] == "A.b-1.dist-info/RECORD"


def test_a_test_can_replace_metadata_and_record_by_wrong_ones() -> None:
    release = describe("a", "1", metadata_text="Name: b\n", record_text="nothing\n")
    with opened(make_wheel(release, "py3-none-any")) as archive:
        assert archive.read("a-1.dist-info/METADATA") == b"Name: b\n"
        assert archive.read("a-1.dist-info/RECORD") == b"nothing\n"
