from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.archive_directory import ArchiveLimits
from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.wheel import WheelFile, open_archive, read_wheel
from tests.fakes.wheels import GOOD, Part, Recipe

if TYPE_CHECKING:
    from pathlib import Path


def opened(recipe: Recipe, folder: Path, *, filename: str | None = None, is_lenient: bool = False) -> WheelFile:
    with open_archive(recipe.write(folder), recipe.filename, ArchiveLimits()) as archive:
        return read_wheel(archive, filename or recipe.filename, is_lenient=is_lenient)


def test_a_wheel_tells_what_it_is(tmp_path: Path) -> None:
    wheel = opened(GOOD, tmp_path)
    assert ("good", "1.0", True) == (wheel.name.name, wheel.metadata.version, wheel.is_pure)
    assert ["good", "good-window"] == [script.name for script in wheel.scripts]
    assert ("py3-none-any",) == wheel.tags


@pytest.mark.parametrize("filename", ["good.whl", "good-1.0.zip", "../good-1.0-py3-none-any.whl", ""])
def test_a_file_name_that_no_wheel_has_is_refused(tmp_path: Path, filename: str) -> None:
    with pytest.raises(BadWheel):
        opened(GOOD, tmp_path, filename=filename or "x")


def test_versions_may_be_spelt_differently(tmp_path: Path) -> None:
    assert "1.0.0" == opened(replace(GOOD, metadata_version="1.0.0"), tmp_path).metadata.version


def test_a_format_that_is_not_known_is_refused(tmp_path: Path) -> None:
    recipe = Recipe(tag="py3-none-any\nWheel-Version: 1.0")
    with pytest.raises(BadWheel, match="version of the format"):
        opened(recipe, tmp_path / "x", filename="good-1.0-py3-none-any.whl")


def test_leniency_forgives_record_and_nothing_else(tmp_path: Path) -> None:
    recipe = replace(Recipe(), parts=(Part("good/more.py", b""),), rows="gone.py,,\n", record_algorithm="md5")
    wheel = opened(recipe, tmp_path, is_lenient=True)
    assert 5 == len(wheel.complaints)
    assert wheel.digests["good/more.py"] is None
    with pytest.raises(BadWheel, match="unsafe path"):
        opened(replace(recipe, files={"../x": b""}), tmp_path, is_lenient=True)


ODD = ["\r\n", "\n\n", "\ufeff", '"', ",", "\x0b", "\u2028", "=", "0", " ", "sha512=", "RECORD.jws,,\n", "a/b.py,,\n"]


def verdicts(recipe: Recipe, folder: Path) -> list[str]:
    """Return what is said of a wheel, strictly and leniently."""
    said = []
    for is_lenient in (False, True):
        try:
            wheel = opened(recipe, folder, is_lenient=is_lenient)
            said.append(f"{sorted(wheel.digests.items())} {wheel.complaints}")
        except BadWheel as refused:
            said.append(str(refused))
    return said


def with_record(recipe: Recipe, record: bytes) -> Recipe:
    return replace(recipe, change=lambda parts: [*parts[:-1], Part(parts[-1].path, record)])


def test_rows_that_are_read_together_say_what_each_says_by_itself(tmp_path: Path) -> None:
    recipe = Recipe(files={"good/a.py": b"a = 1\n", "good/b.py": b"", "good/é.py": b"e = 1\n"})
    right = recipe.parts_of()[-1].content.decode()
    chance = random.Random(3)
    found = set()
    for _ in range(300):
        text = right
        for _ in range(chance.choice((0, 1, 1, 2))):
            at, word = chance.randrange(len(text)), chance.choice(ODD)
            text = text[:at] + word + text[at + chance.choice((0, 1, len(word))) :]
        spoilt = with_record(recipe, text.encode())
        together = verdicts(spoilt, tmp_path)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("chapbook_core.installer.wheel.usual_rows", lambda _body: [])
            assert together == verdicts(spoilt, tmp_path), text
        found.add(together[0].partition("RECORD")[2][:20])
    assert len(found) > 5
