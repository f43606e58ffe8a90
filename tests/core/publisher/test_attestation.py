from __future__ import annotations

import json
import stat
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.publisher.attestation import (
    SUFFIX,
    BadAttestation,
    Signer,
    SigningFailed,
    attested,
    find_signer,
    mistake,
    present_attestation,
)
from tests.fakes.publishing import attestation, statement, wheel_file
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.publisher.package_file import PackageFile


@pytest.fixture
def file(tmp_path: Path) -> PackageFile:
    return wheel_file(tmp_path)


def test_an_attestation_of_the_file_is_taken(file: PackageFile) -> None:
    assert mistake(attestation(statement(file)), file) == ""
    beside = file.path.with_name(file.path.name + SUFFIX)
    assert present_attestation(file) is None
    beside.write_bytes(attestation(statement(file)))
    assert json.loads(present_attestation(file) or "")["version"] == 1


def test_an_attestation_of_something_else_is_refused(file: PackageFile) -> None:
    other = [{"name": "other-1.0.tar.gz", "digest": {"sha256": file.digests["sha256"]}}]
    changed = [{"name": file.path.name, "digest": {"sha256": "0" * 64}}]
    assert "it is that of `other" in mistake(attestation(statement(file, subject=other)), file)
    assert "has changed since" in mistake(attestation(statement(file, subject=changed)), file)
    assert "something else" in mistake(attestation(statement(file, predicateType="https://x/slsa/v1")), file)
    assert "not about one file" in mistake(attestation(statement(file, subject=[])), file)
    assert "another version" in mistake(attestation(statement(file), version=2), file)
    assert "PEP 740" in mistake(b"{}", file)
    assert "PEP 740" in mistake(b"\xff", file)
    file.path.with_name(file.path.name + SUFFIX).write_bytes(b"[]")
    with pytest.raises(BadAttestation):
        present_attestation(file)


def signer(folder: Path, text: str) -> Signer:
    program = folder / "pypi-attestations"
    program.write_text(f"#!{sys.executable}\n{text}", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    found = find_signer({"PATH": str(folder)})
    assert found is not None
    return found


def test_a_signer_on_the_path_makes_what_is_missing(file: PackageFile, tmp_path: Path) -> None:
    made = attestation(statement(file)).decode()
    tool = signer(tmp_path / "..", f"import sys\nopen(sys.argv[2] + {SUFFIX!r}, 'w').write({made!r})\n")
    assert list(attested([file], tool, RecordingWatcher())) == [file.path.name]


def test_a_signer_that_fails_is_told_by_its_last_line(file: PackageFile, tmp_path: Path) -> None:
    tool = signer(tmp_path, "import sys\nsys.exit('long story\\nno identity here')\n")
    with pytest.raises(SigningFailed, match="no identity here"):
        attested([file], tool, RecordingWatcher())
    with pytest.raises(SigningFailed, match="made no"):
        attested([file], signer(tmp_path, ""), RecordingWatcher())


def test_a_signer_that_hangs_is_ended_with_the_command(file: PackageFile, tmp_path: Path) -> None:
    watcher = RecordingWatcher()
    threading.Timer(0.2, watcher.cancel).start()
    with pytest.raises(Cancelled):
        attested([file], signer(tmp_path, "import time\ntime.sleep(60)\n"), watcher)


def test_without_a_signer_nothing_is_attested(file: PackageFile, tmp_path: Path) -> None:
    assert find_signer({"PATH": str(tmp_path)}) is None
    assert attested([file], None, RecordingWatcher()) == {}
