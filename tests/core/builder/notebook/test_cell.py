from __future__ import annotations

import pytest

from chapbook_core.builder.notebook.hook.cell import make_cell


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#| export", {"export": ()}),
        ("#|export", {"export": ()}),
        ("# | export", {"export": ()}),
        ("#| export sub.mod", {"export": ("sub.mod",)}),
        ("#| export:", {"export": ()}),
        ("#| eval: false", {"eval": ("false",)}),
        ("#|eval:false", {"eval": ("false",)}),
        ("\n#| hide\n\n#| export\nx = 1", {"hide": (), "export": ()}),
        ("%%time\n#| export\nx = 1", {"export": ()}),
        ("x = 1\n#| export", {}),
        ("# a comment\n#| export", {}),
        ("#|", {}),
        ("", {}),
    ],
)
def test_directives_stand_before_the_first_line_of_code(source: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert expected == make_cell(1, "code", source, {}).directives


@pytest.mark.parametrize("table", [{"export": "true"}, {"export": True}, {"export": ""}])
def test_directives_may_stand_in_the_metadata_of_a_cell(table: dict[str, object]) -> None:
    cell = make_cell(1, "code", "x = 1", {"nbdev": table})
    assert cell.is_public
    assert cell.target == ""


def test_metadata_can_name_a_module_and_take_back_an_export() -> None:
    assert make_cell(1, "code", "", {"nbdev": {"export": "other"}}).target == "other"
    assert not make_cell(1, "code", "", {"nbdev": {"export": "false"}}).is_exported
    assert not make_cell(1, "code", "", {"nbdev": {"export": False}}).is_exported


@pytest.mark.parametrize(("word", "exported", "public"), [
    ("export", True, True), ("exports", True, True), ("exporti", True, False), ("hide", False, False),
])  # fmt: skip
def test_a_tag_says_what_a_directive_says(word: str, exported: bool, public: bool) -> None:
    for cell in (make_cell(1, "code", f"#| {word}", {}), make_cell(1, "code", "", {"tags": [word]})):
        assert (exported, public) == (cell.is_exported, cell.is_public)


def test_what_is_to_be_skipped_is_not_exported() -> None:
    cell = make_cell(1, "code", "#| export", {"tags": ["skip"]})
    assert cell.is_skipped
    assert not cell.is_exported


def test_what_is_not_to_be_run_is_exported_all_the_same() -> None:
    cell = make_cell(1, "code", "#| export\n#| eval: false\nx = 1", {})
    assert cell.is_skipped
    assert cell.is_exported


def test_tags_tell_tests_and_expected_errors() -> None:
    cell = make_cell(1, "code", "", {"tags": ["test", "raises-exception", 3]})
    assert (cell.is_test, cell.may_raise) == (True, True)


def test_the_body_begins_behind_the_directives() -> None:
    assert make_cell(1, "code", "#| export\n\n#| hide\n\nx = 1", {}).body_start == 3
    assert make_cell(1, "code", "\n\nx = 1", {}).body_start == 0


@pytest.mark.parametrize(("source", "expected"), [
    ("#export\nx = 1", "#export"), ("# default_exp core", "# default_exp core"), ("#| export", ""),
    ("# exports are counted = here", ""), ("x = 1", ""),
])  # fmt: skip
def test_directives_of_old_nbdev_are_recognised_but_not_followed(source: str, expected: str) -> None:
    cell = make_cell(1, "code", source, {})
    assert expected == cell.former_directive
    if expected:
        assert not cell.is_exported
