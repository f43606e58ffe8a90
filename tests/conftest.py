"""What holds for all tests: how they are shared out among workers, and what the programs they start are told."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

_SLOW = ("notebooks", "kernels", "interop", "kernelspec", "faults", "extension")
"""Folders whose tests start kernels, servers and other tools, those that take longest first."""

# Who runs the tests in the background of a shell may have told them to hear no interrupt, and many send one.
signal.signal(signal.SIGINT, signal.default_int_handler)
# What is tried must not depend on the day: `CHAPBOOK_TEST_EXAMPLES` looks further, each time elsewhere.
settings.register_profile("steady", derandomize="CHAPBOOK_TEST_EXAMPLES" not in os.environ)
settings.load_profile("steady")
# Kernels and tools would compile all that they import each time they start, which takes as long again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Called by pytest-xdist for `-n`: give a file to one worker, which makes once what its tests share."""
    if config.getoption("dist") != "load":
        return None
    # It may not be there.
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it tells no types

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long where several work, so that none is left alone with it at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    return _SLOW.index(folder) if folder in _SLOW else len(_SLOW)
