from __future__ import annotations

import pytest

from chapbook_core.index.file import File
from chapbook_core.index.policy import NoBinary, OnlyBinary, Policy, read_projects
from chapbook_core.index.tags import TagOrder
from chapbook_core.installer.choice import NoFittingFile, fitting_files, matching_file
from chapbook_core.lock.lockfile import LockedFile, LockedPackage

TAGS = TagOrder.of(["cp311-cp311-linux_x86_64", "py3-none-any"])
PURE, NATIVE, OTHER, SOURCE = (
    "a-1.0-py3-none-any.whl",
    "a-1.0-cp311-cp311-linux_x86_64.whl",
    "a-1.0-cp312-cp312-win_amd64.whl",
    "a-1.0.tar.gz",
)


def chosen(*names: str, policies: tuple[Policy, ...] = ()) -> list[str]:
    package = LockedPackage("a", "1.0", files=tuple(LockedFile(name, "sha256:00") for name in names))
    return [file.name for file in fitting_files(package, TAGS, policies)]


def test_the_best_wheel_comes_first_and_source_last() -> None:
    assert [NATIVE, PURE, SOURCE] == chosen(SOURCE, PURE, OTHER, NATIVE)


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (NoBinary(read_projects(["a"])), [SOURCE]),
        (NoBinary(read_projects([":all:"])), [SOURCE]),
        (NoBinary(read_projects(["b"])), [PURE, SOURCE]),
        (OnlyBinary(read_projects(["a"])), [PURE]),
    ],
)
def test_a_person_may_refuse_wheels_or_sources(policy: Policy, names: list[str]) -> None:
    assert names == chosen(SOURCE, PURE, policies=(policy,))


def test_when_nothing_fits_each_file_has_its_reason() -> None:
    with pytest.raises(NoFittingFile) as caught:
        chosen(OTHER, SOURCE, policies=(OnlyBinary(read_projects(["a"])),))
    assert "no file of `a` 1.0 can be installed here" in caught.value.message
    assert f"`{OTHER}` is for other machines or Pythons (win_amd64)" in caught.value.message
    assert f"`{SOURCE}` is source, and `only-binary` asks for wheels" in caught.value.message


def test_a_name_that_no_wheel_has_is_told_of() -> None:
    with pytest.raises(
        NoFittingFile, match=r"`\.\./\.\./a-1\.0-py3-none-any\.whl` is not a name that a wheel may have"
    ):
        chosen("../../a-1.0-py3-none-any.whl")


def test_a_package_without_files_says_so() -> None:
    with pytest.raises(NoFittingFile, match="the lock lists no files of it"):
        chosen()


def test_a_file_of_another_hash_is_not_the_locked_one() -> None:
    locked = LockedFile(PURE, "sha256:00")
    same, other = File(PURE, "1.0", "u", (("sha256", "00"),)), File(PURE, "1.0", "u", (("sha256", "11"),))
    untold = File(PURE, "1.0", "u")
    assert same is matching_file(locked, [File(SOURCE, "1.0", "u"), other, same])
    assert untold is matching_file(locked, [untold])
    assert matching_file(locked, [other]) is None
