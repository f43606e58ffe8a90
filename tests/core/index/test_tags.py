from __future__ import annotations

from chapbook_core.index.file import File
from chapbook_core.index.tags import TagOrder

ORDER = TagOrder.of(
    [
        "cp311-cp311-manylinux_2_17_x86_64",
        "cp311-abi3-manylinux2014_x86_64",
        "py3-none-manylinux2014_x86_64",
        "py3-none-any",
        "py2-none-any",
    ]
)


def file(filename: str, *, yanked: bool = False) -> File:
    return File(filename, "1.0", f"https://example.org/{filename}", yanked=yanked)


def test_the_best_tag_of_a_compressed_set_counts() -> None:
    assert ORDER.rank(file("a-1.0-py2.py3-none-any.whl")) == 3
    assert ORDER.rank(file("a-1.0-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl")) == 0
    assert ORDER.rank(file("a-1.0-cp312-cp312-win_amd64.whl")) is None


def test_names_are_chosen_as_files_are_and_remembered() -> None:
    names = ("a-1.0.tar.gz", "a-1.0-py3-none-any.whl", "a-1.0-cp312-cp312-win_amd64.whl", "a-1.0-2-py3-none-any.whl")
    chosen = ORDER.best_names_first(names)
    assert tuple(one.filename for one in ORDER.best_first(map(file, names))) == chosen
    assert TagOrder(dict(ORDER.ranks)).best_names_first(names) is chosen
    assert TagOrder.of(["cp312-cp312-win_amd64"]).best_names_first(names) == (names[2], names[0])


def test_files_are_ordered_by_tag_then_build_then_source_and_yanked_ones_last() -> None:
    best_first = [
        "a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
        "a-1.0-cp311-abi3-manylinux2014_x86_64.whl",
        "a-1.0-10-py3-none-any.whl",
        "a-1.0-2b-py3-none-any.whl",
        "a-1.0-2-py3-none-any.whl",
        "a-1.0-py3-none-any.whl",
        "a-1.0.tar.gz",
        "a-1.0.zip",
    ]
    files = [file(filename) for filename in sorted(best_first)]
    files += [file("a-1.0-1-cp311-cp311-manylinux_2_17_x86_64.whl", yanked=True), file("a-1.0-cp27-cp27m-win32.whl")]
    assert [chosen.filename for chosen in ORDER.best_first(files)] == [
        *best_first,
        "a-1.0-1-cp311-cp311-manylinux_2_17_x86_64.whl",
    ]


def test_a_wheel_that_does_not_fit_says_what_it_is_for() -> None:
    assert ORDER.against(file("a-1.0-cp312-cp312-win_amd64.whl")) == "is for other machines or Pythons (win_amd64)"
    assert ORDER.against(file("a-1.0-py3-none-any.whl")) == ""
    assert ORDER.against(file("a-1.0.tar.gz")) == ""
