"""`python -m chapbook_core.cli`."""

from __future__ import annotations

import sys

from chapbook_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
