"""Files of a project that its version control leaves out, as git tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LIST = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z")


def ignored_files(folder: Path, warn: Callable[[str], None]) -> frozenset[str]:
    """Return the ignored files below a folder, from there; none outside a repository.

    A project that is itself ignored by the repository around it has ignored nothing.
    """
    if not any((above / ".git").exists() for above in (folder, *folder.parents)):
        return frozenset()
    # Not needed by a project outside of every repository, as most builds of others see it.
    from chapbook_core.builder.own_repository import git_tells

    try:
        listed = git_tells(folder, *_LIST)
    except OSError:
        warn("git cannot be run, so files that `.gitignore` names are packed too")
        return frozenset()
    if listed is None:
        warn("git does not read the repository of this project, so files that `.gitignore` names are packed too")
        return frozenset()
    if not listed or git_tells(folder, "check-ignore", "--quiet", ".") is not None:
        return frozenset()
    return frozenset(listed.decode("utf-8", "surrogateescape").rstrip("\0").split("\0"))
