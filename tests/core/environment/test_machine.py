from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from chapbook_core.environment.machine import Machine, this_machine

if TYPE_CHECKING:
    import pytest

EXPECTED = Machine(platform.system(), platform.release(), platform.version(), platform.machine())


def test_a_machine_is_what_the_standard_library_says() -> None:
    assert this_machine() == EXPECTED


def test_a_machine_is_the_same_where_the_system_has_no_call_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "uname", raising=False)
    assert this_machine() == EXPECTED
