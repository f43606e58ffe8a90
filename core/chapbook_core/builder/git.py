"""Git repositories that requirements lead to: fetched by the git of the machine, one mirror each, one tree a commit.

Addresses and references come from files that others wrote. None of them can become an option of git, a program to run
or a question to the person.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.child import ChildTookTooLong, run_child
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Finished, Started
from chapbook_core.pattern import late_pattern
from chapbook_core.project.last_use import note_use
from chapbook_core.project.removal import remove_folder
from chapbook_core.requirements.url import masked_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.builder.child import Ended
    from chapbook_core.events import Watcher
    from chapbook_core.requirements.origin import GitOrigin

_ADDRESS = late_pattern(
    r"(?:(?:https?|ssh|git)://(?:[\w.~%+-]+@)?(?!-)[\w.-]+(?::\d+)?/|file:///|[\w.]+@(?!-)[\w.-]+:(?!-))[^\x00-\x20\x7f]+"
)
_REFERENCE = late_pattern(r"(?![-/.])(?!.*(?:\.\.|//|@\{|\.lock(?:/|$)|[/.]$))[^\x00-\x20\x7f~^:?*\[\\]+")
_COMMIT = late_pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ABBREVIATED = late_pattern(r"[0-9a-f]{4,64}")
_NOT_OURS = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_TEMPLATE_DIR",
        "GIT_WORK_TREE",
        "SSH_ASKPASS",
    }
)
"""Variables about another repository, or that would put a question to the person."""
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.longpaths": "true",
    "advice.detachedHead": "false",
    "gc.auto": "0",
    "protocol.ext.allow": "never",
    "protocol.fd.allow": "never",
}
_PATIENCE = 1800.0


class GitFailed(ChapbookError):
    """A git repository, or a reference in it, cannot be had."""

    def __init__(self, url: str, reason: str, hint: str = "") -> None:
        self.reason = reason
        super().__init__(f"git repository {masked_url(url)}: {reason}", hints=[hint] if hint else [])


class GitRepositories:
    """Fetches commits and lays out their trees, below a folder that may be shared by many runs."""

    def __init__(self, folder: Path, variables: Mapping[str, str], watcher: Watcher, *, is_offline: bool) -> None:
        self._folder = folder
        self._variables = variables
        self._watcher = watcher
        self._is_offline = is_offline

    def commit(self, origin: GitOrigin, locked: str = "") -> str:
        """Return the commit that a requirement means: the locked one while there is one. Raises GitFailed."""
        require_address(origin)
        mirror = self._mirror(origin)
        note_use(mirror)
        wanted = locked if _COMMIT.fullmatch(locked) else origin.revision or ""
        if _COMMIT.fullmatch(wanted):
            if found := self._known(origin, mirror, wanted):
                return found
        elif self._is_offline and (found := self._named(origin, mirror)):
            return found
        if self._is_offline:
            raise GitFailed(origin.url, "it is not in the cache, and `--offline` forbids fetching")
        began = time.monotonic()
        self._watcher.emit(Started("git", f"Fetching {masked_url(origin.url)}"))
        try:
            self._fetch(origin, mirror, wanted)
        finally:
            self._watcher.emit(Finished("git", time.monotonic() - began))
        found = self._known(origin, mirror, wanted) if _COMMIT.fullmatch(wanted) else self._named(origin, mirror)
        if not found:
            raise GitFailed(origin.url, f"it has no {_what(origin, locked)}", "check the spelling")
        return found

    def tree(self, origin: GitOrigin, commit: str) -> Path:
        """Return the folder with the files of a commit, those of its submodules too; raises GitFailed."""
        mirror = self._mirror(origin)
        folder = self._folder / "trees" / mirror.name / commit
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            draft = folder.with_name(f"{commit}-{os.urandom(8).hex()}")
            try:
                self._check_out(origin, mirror, commit, draft)
                if not folder.is_dir():
                    draft.rename(folder)
            except OSError:
                # Another run may have been first.
                if not folder.is_dir():
                    raise
            finally:
                remove_folder(draft)
        note_use(folder)
        wanted = folder / (origin.subdirectory or "")
        if not wanted.resolve().is_relative_to(folder.resolve()) or not wanted.is_dir():
            raise GitFailed(origin.url, f"it has no folder `{origin.subdirectory}` at {commit[:12]}")
        return wanted

    def _mirror(self, origin: GitOrigin) -> Path:
        name = hashlib.sha256(origin.url.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return self._folder / "mirrors" / name

    def _fetch(self, origin: GitOrigin, mirror: Path, wanted: str) -> None:
        if not (mirror / "HEAD").is_file():
            mirror.mkdir(parents=True, exist_ok=True)
            self._succeed(origin, mirror, "init", "--quiet", "--bare", ".")
        ended = None
        for names in _specifications(origin, wanted):
            options = ["--quiet", "--force", "--no-recurse-submodules", "--"]
            ended = self._git(origin, mirror, "fetch", *options, origin.url, *names)
            if ended.status == 0:
                return
        if ended is not None and "couldn't find remote ref" not in ended.errors:
            raise GitFailed(
                origin.url, f"it cannot be fetched\n{ended.words}", "check the address and your access to it"
            )

    def _named(self, origin: GitOrigin, mirror: Path) -> str:
        """Return the commit that a branch, a tag, a revision or the default branch stands for in the mirror."""
        match origin:
            case _ if origin.branch:
                names = [f"refs/heads/{origin.branch}"]
            case _ if origin.tag:
                names = [f"refs/tags/{origin.tag}"]
            case _ if (revision := origin.revision) is not None:
                names = (
                    [revision] if revision.startswith("refs/") else [f"refs/heads/{revision}", f"refs/tags/{revision}"]
                )
                names += [revision] if _ABBREVIATED.fullmatch(revision) else []
            case _:
                names = ["refs/chapbook/HEAD"]
        return next((found for name in names if (found := self._known(origin, mirror, name))), "")

    def _known(self, origin: GitOrigin, mirror: Path, name: str) -> str:
        if not (mirror / "HEAD").is_file():
            return ""
        ended = self._git(origin, mirror, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
        found = ended.output.strip()
        return found if ended.status == 0 and _COMMIT.fullmatch(found) else ""

    def _check_out(self, origin: GitOrigin, mirror: Path, commit: str, draft: Path) -> None:
        words = ["clone", "--quiet", "--local", "--no-checkout", "--", str(mirror), str(draft)]
        self._succeed(origin, mirror, *words)
        # Submodules may be named relative to where the repository really is.
        self._succeed(origin, draft, "remote", "set-url", "--", "origin", origin.url)
        self._succeed(origin, draft, "checkout", "--quiet", "--force", "--detach", commit)
        if (draft / ".gitmodules").is_file():
            self._succeed(origin, draft, "submodule", "--quiet", "update", "--init", "--recursive", "--checkout")

    def _succeed(self, origin: GitOrigin, folder: Path, *words: str) -> None:
        ended = self._git(origin, folder, *words)
        if ended.status:
            raise GitFailed(origin.url, f"`git {words[0]}` failed\n{ended.words}")

    def _git(self, origin: GitOrigin, folder: Path, *words: str) -> Ended:
        program = self._program()
        if program is None:
            raise GitFailed(origin.url, "there is no git on this machine", "install git, and put it on PATH")
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        try:
            return run_child(
                [program, *settings, *words],
                folder=folder,
                variables=self._quiet(origin),
                watcher=self._watcher,
                seconds=_PATIENCE,
            )
        except (ChildTookTooLong, OSError) as problem:
            raise GitFailed(origin.url, str(problem)) from None

    def _program(self) -> str | None:
        """Find git, but not in the folder of a project: whoever made that is not asked to run programs."""
        folders = self._variables.get("PATH", os.defpath).split(os.pathsep)
        path = os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())
        found = shutil.which("git", path=path)
        return found if found is not None and Path(found).is_absolute() else None

    def _quiet(self, origin: GitOrigin) -> dict[str, str]:
        """Return the variables for a git that asks nobody anything."""
        variables = {name: value for name, value in self._variables.items() if name not in _NOT_OURS}
        variables["GIT_TERMINAL_PROMPT"] = "0"
        variables["GCM_INTERACTIVE"] = "never"
        variables.setdefault("GIT_ASKPASS", "")
        if "GIT_SSH" not in variables:
            variables.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
        variables["LC_ALL"] = "C"
        if origin.userinfo is not None:
            # In a variable, because everybody on the machine can read the words of a command.
            login = f"{origin.userinfo.username}:{origin.userinfo.password}"
            address = "/".join(origin.url.split("/")[:3]) + "/"
            count = int(variables.get("GIT_CONFIG_COUNT") or 0)
            variables["GIT_CONFIG_COUNT"] = str(count + 1)
            variables[f"GIT_CONFIG_KEY_{count}"] = f"http.{address}.extraHeader"
            variables[f"GIT_CONFIG_VALUE_{count}"] = f"Authorization: Basic {b64encode(login.encode()).decode()}"
        return variables


def require_address(origin: GitOrigin) -> None:
    """Raise GitFailed for an address or a reference that git is not to be given."""
    if not _ADDRESS.fullmatch(origin.url):
        raise GitFailed(
            origin.url,
            "this is no address that git may be given",
            "use `https://`, `ssh://`, `git@host:path` or `file://`",
        )
    reference = origin.reference
    if reference is not None and not _REFERENCE.fullmatch(reference):
        raise GitFailed(origin.url, f"`{reference}` is no name that a branch, tag or revision can have")


def _specifications(origin: GitOrigin, wanted: str) -> list[Sequence[str]]:
    """Return what to ask the other side for, the least first."""
    everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    if _COMMIT.fullmatch(wanted):
        # Not every server gives out a commit by its name.
        return [(f"+{wanted}:refs/chapbook/{wanted}",), everything]
    if origin.branch:
        return [(f"+refs/heads/{origin.branch}:refs/heads/{origin.branch}",)]
    if origin.tag:
        return [(f"+refs/tags/{origin.tag}:refs/tags/{origin.tag}",)]
    if origin.revision and origin.revision.startswith("refs/"):
        return [(f"+{origin.revision}:{origin.revision}",)]
    if origin.revision:
        return [everything]
    return [("+HEAD:refs/chapbook/HEAD",)]


def _what(origin: GitOrigin, locked: str) -> str:
    if locked:
        return f"commit {locked} any more"
    for kind, name in (("branch", origin.branch), ("tag", origin.tag), ("revision", origin.revision)):
        if name:
            return f"{kind} `{name}`"
    return "default branch"
