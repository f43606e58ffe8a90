"""The modules that Python itself brings, and finds before those of any project."""

from __future__ import annotations

import sys

STANDARD_MODULES = sys.stdlib_module_names | {"test"}
"""Python leaves its own tests out of the list, and finds them all the same."""


def hidden_by_python(module: str) -> str:
    """Say what is wrong with a module of a name that is taken."""
    return f"Python has a module `{module}` of its own, and imports that one"
