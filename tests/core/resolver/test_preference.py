from __future__ import annotations

from typing import Any

from chapbook_core.requirements.diagram import TRUE, complement
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.facts import Dependency
from chapbook_core.resolver.preference import Preference, are_prereleases_wanted
from chapbook_core.resolver.problem import ForkStrategy, LockedVersion, Policy, Resolution
from chapbook_core.resolver.versions import Release, Versions

WINDOWS = parse_marker("sys_platform == 'win32'").node
ELSEWHERE = complement(WINDOWS)
VERSIONS = Versions("a", [Release("1"), Release("2"), Release("3", yanked=True), Release("4a1")])
ONE, TWO, THREE, FOUR = (VERSIONS.bit(text) for text in ("1", "2", "3", "4a1"))
ALL = ONE | TWO | THREE | FOUR


def chosen(pending: dict[int, int], policy: Policy | None = None, **wishes: Any) -> tuple[list[str], int]:
    preference = Preference(policy or Policy(), wishes.pop("direct", frozenset()), wishes.pop("locked", ()))
    version, region = preference.choose(
        VERSIONS,
        pending,
        selected=wishes.pop("selected", ()),
        leaning=wishes.pop("leaning", -1),
        prereleases_wanted=wishes.pop("prereleases_wanted", False),
        **wishes,
    )
    return VERSIONS.texts(version), region


def test_the_newest_final_release_that_was_not_yanked_is_best() -> None:
    assert chosen({ALL: TRUE}) == (["2"], TRUE)


def test_a_pre_release_ranks_with_others_when_wanted() -> None:
    assert chosen({ALL: TRUE}, prereleases_wanted=True) == (["4a1"], TRUE)


def test_what_is_left_is_taken_when_nothing_better_is() -> None:
    assert chosen({THREE: TRUE}) == (["3"], TRUE)
    assert chosen({FOUR: TRUE}) == (["4a1"], TRUE)


def test_the_lowest_is_best_when_that_is_the_policy() -> None:
    assert chosen({ALL: TRUE}, Policy(resolution=Resolution.LOWEST)) == (["1"], TRUE)
    lowest_direct = Policy(resolution=Resolution.LOWEST_DIRECT)
    assert chosen({ALL: TRUE}, lowest_direct) == (["2"], TRUE)
    assert chosen({ALL: TRUE}, lowest_direct, direct=frozenset({"a"})) == (["1"], TRUE)


def test_a_version_for_all_pieces_is_better_than_a_newer_one_for_some() -> None:
    assert chosen({ONE: WINDOWS, ONE | TWO: ELSEWHERE}) == (["1"], TRUE)


def test_pieces_without_a_common_version_are_parted() -> None:
    assert chosen({ONE: WINDOWS, TWO: ELSEWHERE}) == (["2"], ELSEWHERE)


def test_a_version_that_is_selected_elsewhere_is_preferred() -> None:
    assert chosen({ONE | TWO: WINDOWS}, selected=((ONE, ELSEWHERE),)) == (["1"], WINDOWS)


def test_leaning_is_heeded_while_it_leaves_anything() -> None:
    assert chosen({ONE | TWO: TRUE}, leaning=ONE) == (["1"], TRUE)
    assert chosen({ONE | TWO: TRUE}, leaning=FOUR) == (["2"], TRUE)


def test_a_locked_version_is_kept() -> None:
    assert chosen({ALL: TRUE}, locked=[LockedVersion("a", "1")]) == (["1"], TRUE)
    assert chosen({ALL: TRUE}, locked=[LockedVersion("a", "3")]) == (["3"], TRUE)


def test_a_locked_version_that_does_not_suit_every_piece_is_left() -> None:
    assert chosen({TWO: WINDOWS, ONE | TWO: ELSEWHERE}, locked=[LockedVersion("a", "1")]) == (["2"], TRUE)


def test_locked_versions_of_different_regions_are_kept_apart() -> None:
    locked = [LockedVersion("a", "1", region=WINDOWS), LockedVersion("a", "2", region=ELSEWHERE)]
    assert chosen({ALL: TRUE}, locked=locked) == (["1"], WINDOWS)
    assert chosen({ALL: ELSEWHERE}, locked=locked) == (["2"], ELSEWHERE)


def test_the_other_strategy_parts_pieces_that_only_python_keeps_apart() -> None:
    policy = Policy(fork_strategy=ForkStrategy.REQUIRES_PYTHON)
    pieces = {ONE: WINDOWS, ONE | TWO: ELSEWHERE}
    assert chosen(pieces, policy, stopped_by_python=[(TWO, WINDOWS)]) == (["2"], ELSEWHERE)
    assert chosen(pieces, policy, stopped_by_python=[(TWO, ELSEWHERE)]) == (["1"], TRUE)


def test_pre_releases_are_wanted_when_a_standing_bound_names_one() -> None:
    assert are_prereleases_wanted([Dependency("a", ">=2.0a1")])
    assert are_prereleases_wanted([Dependency("a", ">=2.0a1"), Dependency("a", "<3")])
    assert not are_prereleases_wanted([Dependency("a", ">=2.0a1"), Dependency("a", ">=2.1")])
    assert not are_prereleases_wanted([Dependency("a", "!=2.0a1")])
    assert are_prereleases_wanted([Dependency("a"), Dependency("a", allow_prereleases=True)])
