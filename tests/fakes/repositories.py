"""Repositories of git, as a test makes them: by nobody in particular, whatever the machine is set to."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
_ALLOWED = ("-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false")
_NOBODY = {f"GIT_{role}_{key}": "a@b" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, and return what it says."""
    variables = {**os.environ, **_NOBODY, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        ["git", *_ALLOWED, *words], cwd=folder, env=variables, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def committed(folder: Path, message: str = "it") -> str:
    """Commit everything in a folder, which becomes a repository first, and return the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")
