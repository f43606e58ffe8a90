"""What was found in files of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.harvest import Harvest, source_name

if TYPE_CHECKING:
    from pathlib import Path


def test_the_names_of_sources_are_made_of_their_addresses() -> None:
    assert source_name("https://download.example.org/whl/cu121", []) == "download-example-org-whl-cu121"
    assert source_name("https://example.org/simple/", ["example-org", "Example-Org-2"]) == "example-org-3"


def test_a_version_that_is_none_is_no_pin(tmp_path: Path) -> None:
    harvest = Harvest(tmp_path)
    harvest.pin("a", "latest")
    harvest.pin("A_b", "1.0.0-1")
    assert [(pin.name, pin.version) for pin in harvest.pins] == [("a-b", "1.0.0.post1")]
