"""`python -m chapbook_kernelspec`, which runs a notebook for `chapbook run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chapbook_core.cli import leave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.cli.interrupts import Interrupts


def main(words: Sequence[str] | None, interrupts: Interrupts) -> int:
    """Run the notebook that the words name, and return the status to exit with."""
    from chapbook_kernelspec.running import main as run  # a tenth of a second, in which an interrupt may come

    return run(sys.argv[1:] if words is None else words, interrupts=interrupts)


if __name__ == "__main__":
    leave(main)
