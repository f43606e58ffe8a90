"""Loads, a tenth as large; `heavy_input` has them whole, and tells the figures."""

from __future__ import annotations

import os

import pytest

from tests.faults.heavy_input import INPUTS, MOST_MEMORY, load

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="measures copies of this process")


@pytest.mark.parametrize("name", INPUTS)
def test_what_is_large_is_read_and_takes_no_more_memory_than_that(name: str) -> None:
    size = 0.05 if name == "index, packages" else 0.1
    assert load(name, int(INPUTS[name][1] * size)).memory < MOST_MEMORY
