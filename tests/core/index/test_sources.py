"""Which indexes are asked for which package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.failure import NotAnIndex, PackageNotFound, SourceUnknown
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.sources import Place, Shape, Sources, arrange, index_place
from chapbook_core.project.source import Priority, Source
from tests.fakes.index import FakeIndex, World
from tests.fakes.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT = Place("PyPI", "https://example.org/simple/", is_default=True)


def names(sources: Sources, name: str = "a", source: str | None = None) -> list[list[str]]:
    return [[place.name for place in places] for places in sources.searched(name, source)]


def declared(*pairs: tuple[str, Priority]) -> list[Source]:
    return [Source(name, f"https://{name}.example.org/simple", priority) for name, priority in pairs]


def test_without_sources_the_default_index_is_asked() -> None:
    assert names(arrange([], lambda: DEFAULT)) == [["PyPI"]]


def test_a_primary_source_replaces_the_default_index_which_is_then_not_even_looked_for() -> None:
    sources = arrange(declared(("one", Priority.PRIMARY)), lambda: pytest.fail("not needed"))
    assert names(sources) == [["one"]]


def test_supplemental_sources_come_in_a_second_round() -> None:
    sources = arrange(declared(("more", Priority.SUPPLEMENTAL)), lambda: DEFAULT)
    assert names(sources) == [["PyPI"], ["more"]]


def test_explicit_sources_are_asked_by_name_only() -> None:
    sources = arrange(declared(("torch", Priority.EXPLICIT)), lambda: DEFAULT)
    assert names(sources) == [["PyPI"]]
    assert names(sources, "a", "torch") == [["torch"]]


def test_the_default_index_may_be_listed_by_name_and_given_another_priority() -> None:
    sources = arrange(
        [*declared(("one", Priority.PRIMARY)), Source("PyPI", None, Priority.SUPPLEMENTAL)], lambda: DEFAULT
    )
    assert names(sources) == [["one"], ["PyPI"]]


def test_a_package_pinned_to_a_source_is_asked_for_nowhere_else() -> None:
    sources = arrange(declared(("torch", Priority.EXPLICIT)), lambda: DEFAULT, pinned={"a": ["torch"]})
    assert names(sources, "a") == [["torch"]]
    assert names(sources, "b") == [["PyPI"]]


def test_a_source_that_is_not_declared_is_named_with_those_that_are() -> None:
    with pytest.raises(SourceUnknown) as failure:
        arrange([], lambda: DEFAULT).searched("a", "trch")
    assert failure.value.message == "unknown source: trch"
    assert failure.value.hints == ("declared sources: PyPI",)


def test_userinfo_in_the_url_becomes_credentials() -> None:
    place = index_place("one", "https://user:p%40ss@example.org/simple")
    assert place.url == "https://example.org/simple/"
    assert place.credentials is not None
    assert place.credentials.password == "p@ss"
    assert "p@ss" not in repr(place)


@pytest.fixture
def two() -> Iterator[tuple[FakeIndex, FakeIndex]]:
    with FakeIndex() as one, FakeIndex() as other:
        yield one, other


def placed(one: FakeIndex, other: FakeIndex, priority: Priority, **pins: list[str]) -> Sources:
    return arrange([Source("one", one.url), Source("other", other.url, priority)], lambda: DEFAULT, pinned=pins)


def test_primary_sources_are_merged_and_the_first_has_a_version_that_both_have(
    two: tuple[FakeIndex, FakeIndex],
) -> None:
    one, other = two
    one.serve("a", "1.0", requires=["x==1"])
    one.serve("a", "3.0")
    other.serve("a", "1.0", requires=["x==2"])
    other.serve("a", "2.0", requires=["x==3"], yanked=True)
    with opened(placed(one, other, Priority.PRIMARY)) as index:
        offers = index.reader.versions("a")
        summary = offers.summary
        assert summary.versions == ("1.0", "2.0", "3.0")
        assert summary.selected(summary.yanked) == ("2.0",)
        assert [index.reader.metadata("a", version).requires_dist for version in ("1.0", "2.0")] == [  # type: ignore[union-attr]  # none needs a build
            ("x==1",),
            ("x==3",),
        ]
        owner = offers.offer_of("2.0")
        assert owner is not None
        assert owner.place.name == "other"


def test_a_supplemental_source_is_asked_only_when_no_primary_one_knows_the_package(
    two: tuple[FakeIndex, FakeIndex],
) -> None:
    one, other = two
    one.serve("a", "1.0")
    other.serve("a", "2.0")
    other.serve("b", "1.0")
    with opened(placed(one, other, Priority.SUPPLEMENTAL)) as index:
        assert index.reader.versions("a").summary.versions == ("1.0",)
        assert other.requests == []
        assert index.reader.versions("b").summary.versions == ("1.0",)


def test_the_name_of_a_pinned_package_never_leaves_its_source(two: tuple[FakeIndex, FakeIndex]) -> None:
    one, other = two
    one.serve("secret-name", "9.0")
    with (
        opened(placed(one, other, Priority.EXPLICIT, **{"secret-name": ["other"]})) as index,
        pytest.raises(PackageNotFound, match="asked other"),
    ):
        index.reader.versions("Secret_Name")
    assert one.requests == []


def test_a_name_on_no_source_is_told_with_all_that_were_asked(two: tuple[FakeIndex, FakeIndex]) -> None:
    with (
        opened(placed(*two, Priority.SUPPLEMENTAL)) as index,
        pytest.raises(PackageNotFound, match="asked one, other"),
    ):
        index.reader.versions("nothing")


def write_wheel(folder: Path, name: str, version: str) -> None:
    world = World()
    world.serve(name, version, requires=["x>=1"])
    folder.mkdir(parents=True, exist_ok=True)
    project = world.project(name)
    assert project is not None
    file = project.files[-1]
    (folder / file.filename).write_bytes(file.body)


@pytest.mark.parametrize("layout", ["heap", "folders", "html"])
def test_folders_are_sources(tmp_path: Path, layout: str) -> None:
    write_wheel(tmp_path if layout == "heap" else tmp_path / "a", "a", "1.0")
    if layout == "html":
        (tmp_path / "a" / "index.html").write_text('<a href="a-1.0-py3-none-any.whl">a-1.0-py3-none-any.whl</a>')
    place = Place("here", tmp_path.as_uri() + "/", shape=Shape.LINKS if layout == "heap" else Shape.INDEX)
    with opened(place) as open_index:
        assert open_index.reader.versions("a").summary.versions == ("1.0",)
        found = open_index.reader.metadata("a", "1.0")
        assert isinstance(found, Metadata)
        assert found.requires_dist == ("x>=1",)
        assert open_index.client.requests == 0


def test_find_links_are_searched_beside_the_primary_sources(tmp_path: Path) -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0")
        write_wheel(tmp_path / "wheels", "a", "2.0")
        sources = arrange([Source("one", index.url)], lambda: DEFAULT, find_links=["wheels"], folder=tmp_path)
        with opened(sources) as open_index:
            assert open_index.reader.versions("a").summary.versions == ("1.0", "2.0")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    place = Place("gone", (tmp_path / "gone").as_uri() + "/")
    with opened(place) as index, pytest.raises(NotAnIndex, match="there is no such folder"):
        index.reader.versions("a")
