"""Poetry's content-hash, against hashes that Poetry itself computed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from chapbook_core.project.content_hash import content_hash, legacy_content_hash

FOLDER = Path(__file__).parents[2] / "data" / "projects"
EXPECTED = tomllib.loads((FOLDER / "expected_hashes.toml").read_text(encoding="utf-8"))
PROJECTS = sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "expected_hashes")


def data(name: str) -> dict[str, object]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_bytes().decode())


def test_every_project_of_the_corpus_has_an_expected_hash() -> None:
    assert sorted(EXPECTED) == PROJECTS
    assert len(PROJECTS) >= 36


@pytest.mark.parametrize("name", PROJECTS)
def test_the_hash_is_the_one_poetry_computes(name: str) -> None:
    assert content_hash(data(name)) == EXPECTED[name]["current"]


@pytest.mark.parametrize("name", PROJECTS)
def test_the_older_hash_leaves_groups_out_as_poetry_did(name: str) -> None:
    assert legacy_content_hash(data(name)) == EXPECTED[name]["before-groups"]


def test_name_and_scripts_do_not_count() -> None:
    project = {"name": "a", "version": "1", "dependencies": ["b"]}

    assert content_hash({"project": project}) == content_hash(
        {"project": {**project, "name": "z", "version": "2", "scripts": {"z": "z:z"}}}
    )


def test_the_order_of_keys_does_not_count_but_that_of_requirements_does() -> None:
    one = {"project": {"dependencies": ["a", "b"], "requires-python": ">=3.9"}}
    other = {"project": {"requires-python": ">=3.9", "dependencies": ["a", "b"]}}
    swapped = {"project": {"requires-python": ">=3.9", "dependencies": ["b", "a"]}}

    assert content_hash(one) == content_hash(other)
    assert content_hash(one) != content_hash(swapped)


def test_tables_of_a_wrong_type_count_as_absent() -> None:
    assert content_hash({"project": "no", "tool": []}) == content_hash({})
