"""`python -m chapbook_core.cli`."""

from __future__ import annotations

from chapbook_core.cli import leave

if __name__ == "__main__":
    leave()
