"""Poetry's content-hash: the fingerprint of what a lock file was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping

from chapbook_core.digest import sha256

_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
_LEGACY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
_POETRY_KEYS = (*_LEGACY_KEYS, "group")


def content_hash(data: Mapping[str, object]) -> str:
    """Return the hash of a whole parsed `pyproject.toml`, as Poetry 2.3 and later write it."""
    return _digest(data, _table(data, "dependency-groups"))


def legacy_content_hash(data: Mapping[str, object]) -> str:
    """Return the hash that Poetry before 2.3 wrote: it knew nothing of `[dependency-groups]`."""
    return _digest(data, {})


def _digest(data: Mapping[str, object], groups: Mapping[str, object]) -> str:
    project = {key: value for key, value in _table(data, "project").items() if key in _PROJECT_KEYS}
    poetry = _table(_table(data, "tool"), "poetry")
    standard = bool(project or groups)
    relevant: dict[str, object] = {
        key: poetry.get(key)
        for key in _POETRY_KEYS
        # Files without standard tables hash an absent legacy key as null, because the first versions did.
        if key in poetry or (key in _LEGACY_KEYS and not standard)
    }
    if standard:
        relevant = {"tool": {"poetry": relevant}}
        relevant |= {"project": project} if project else {}
        relevant |= {"dependency-groups": groups} if groups else {}
    # A date has no place in these tables; hashing its text lets the reader complain about it instead.
    return sha256(json.dumps(relevant, sort_keys=True, default=str).encode()).hexdigest()


def _table(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}
