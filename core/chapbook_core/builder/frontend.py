"""The frontend for source trees: asks their backends (PEP 517, PEP 660) for metadata, wheels and editable wheels."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from chapbook_core.builder.build_failure import BuildFailed, HookFailed, HookMissing
from chapbook_core.builder.build_system import BuildSystem, checked_requirement, read_build_system
from chapbook_core.builder.child import ChildTookTooLong, run_child
from chapbook_core.builder.isolation import BuildRequirementsFailed, NeedsItself
from chapbook_core.index.metadata import parse_metadata
from chapbook_core.requirements.url import masked_url
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chapbook_core.builder.isolation import BuildEnvironment, BuildEnvironments
    from chapbook_core.events import Watcher
    from chapbook_core.index.metadata import Metadata

__all__ = ["BuildFailed", "BuildSystem", "Built", "Frontend", "read_build_system"]

_RUNNER = Path(__file__).with_name("hook_runner.py")
_LARGEST_METADATA = 32_000_000
PATIENCE = 3600.0
"""Seconds that one hook may take."""

_MENDING = ("the words above are its build's own: what they name is in the project itself",)

Settings = dict[str, str | list[str]]
_Made = TypeVar("_Made")


@frozen
class Built:
    """What a build made: metadata, and the wheel when there is one."""

    metadata: Metadata
    wheel: Path | None = None


@frozen
class Frontend:
    """Builds source trees one at a time; as many of them may be at work as there are threads."""

    variables: Mapping[str, str]
    watcher: Watcher
    environments: BuildEnvironments
    folder: Path
    """For what builds leave; whoever made it removes it."""
    keep_log: Callable[[str, str], Path | None] = field(default=lambda _what, _output: None)
    """Keeps everything that a failed build said, and tells where."""
    patience: float = PATIENCE
    is_own: bool = False
    """Whether the trees are the person's, who can mend them."""

    def metadata(self, tree: Path, what: str, settings: Mapping[str, str | list[str]] | None = None) -> Built:
        """Build a tree as far as its metadata; as a wheel when its backend tells it in no other way.

        Raises BuildFailed.
        """
        return self._guarded(what, lambda: self._described(tree, what, dict(settings or {})))

    def wheel(
        self,
        tree: Path,
        what: str,
        settings: Mapping[str, str | list[str]] | None = None,
        *,
        kind: Literal["wheel", "editable", "sdist"] = "wheel",
    ) -> Path:
        """Build a wheel, an editable one or a source distribution, and return it.

        Raises BuildFailed, and HookMissing for an editable.
        """
        return self._guarded(what, lambda: self._built(tree, kind, dict(settings or {})))

    def run(self, tree: Path, what: str, words: Sequence[str]) -> None:
        """Run the Python of a tree's build environment on some words in the tree; raises BuildFailed."""

        def act() -> None:
            environment = self.environments.environment(read_build_system(tree).requires)
            self._run(environment, tree, words, f"`{' '.join(words)}`")

        self._guarded(what, act)

    def _guarded(self, what: str, act: Callable[[], _Made]) -> _Made:
        try:
            return act()
        except HookFailed as problem:
            log = self.keep_log(what, masked_url(problem.output))
            raise BuildFailed(what, str(problem), hints=_MENDING if self.is_own else (), log=log) from None
        except (BuildRequirementsFailed, NeedsItself) as problem:
            hints = problem.hints or ["name what is missing in a source of the project, or choose another version"]
            raise BuildFailed(what, problem.message, hints=hints, is_lacking=True) from None
        except ChildTookTooLong as problem:
            hints = _MENDING if self.is_own else ("choose a version with a wheel",)
            raise BuildFailed(what, problem.message, hints=hints) from None
        except (ValueError, OSError, zipfile.BadZipFile) as problem:
            hints = _MENDING if self.is_own else ("choose another version, or tell its owners",)
            raise BuildFailed(what, str(problem), hints=hints) from None

    def _described(self, tree: Path, what: str, settings: Settings) -> Built:
        system = read_build_system(tree)
        environment = self._equipped(system, tree, "get_requires_for_build_wheel", settings)
        folder = self._new_folder()
        try:
            name = self._call(
                environment, system, tree, "prepare_metadata_for_build_wheel", str(folder), settings or None
            )
        except HookMissing:
            wheel = self._made(environment, system, tree, "build_wheel", settings)
            return Built(parse_metadata(_metadata_in(wheel), what), wheel)
        return Built(parse_metadata(_small(_inside(folder, name) / "METADATA"), what))

    def _built(self, tree: Path, kind: Literal["wheel", "editable", "sdist"], settings: Settings) -> Path:
        system = read_build_system(tree)
        environment = self._equipped(system, tree, f"get_requires_for_build_{kind}", settings)
        return self._made(environment, system, tree, f"build_{kind}", settings)

    def _equipped(self, system: BuildSystem, tree: Path, hook: str, settings: Settings) -> BuildEnvironment:
        """Return the environment with what the tree says it requires, and what its backend does after that."""
        environment = self.environments.environment(system.requires)
        try:
            more = self._call(environment, system, tree, hook, settings or None)
        except HookMissing:
            return environment
        texts = [checked_requirement(requirement) for requirement in more] if isinstance(more, list) else []
        further = [text for text in texts if text not in system.requires]
        return self.environments.environment((*system.requires, *further)) if further else environment

    def _made(
        self, environment: BuildEnvironment, system: BuildSystem, tree: Path, hook: str, config: Settings
    ) -> Path:
        folder = self._new_folder()
        noun, suffix = ("source distribution", ".tar.gz") if hook == "build_sdist" else ("wheel", ".whl")
        try:
            name = self._call(environment, system, tree, hook, str(folder), config or None)
        except HookMissing:
            if hook == "build_editable":
                raise
            raise ValueError(f"its backend `{system.backend}` has no hook to build a {noun}") from None
        made = _inside(folder, name)
        if not made.is_file() or not made.name.endswith(suffix):
            raise ValueError(f"its backend `{system.backend}` made no {noun}, but says that it is `{made.name}`")
        return made

    def _call(
        self, environment: BuildEnvironment, system: BuildSystem, tree: Path, hook: str, *arguments: object
    ) -> object:
        """Return what a hook returns; raises HookMissing and HookFailed."""
        folder = self._new_folder()
        request, answer = folder / "request.json", folder / "answer.json"
        path = [str(tree / part) for part in system.path]
        asked = {"backend": system.backend, "path": path, "hook": hook, "arguments": arguments}
        request.write_text(json.dumps(asked), "utf-8")
        shown = f"`{hook}` of its backend `{system.backend}`"
        output = self._run(environment, tree, [str(_RUNNER), str(request), str(answer)], shown)
        if not answer.is_file():
            raise HookFailed(f"{shown} ended without an answer", output)
        told = json.loads(answer.read_text("utf-8"))
        if told.get("missing"):
            raise HookMissing(hook)
        return told.get("result")

    def _run(self, environment: BuildEnvironment, tree: Path, words: Sequence[str], shown: str) -> str:
        """Run the Python of an environment; raises HookFailed."""
        ended = run_child(
            [str(environment.python), "-I", *words],
            folder=tree,
            variables=environment.variables(self.variables, self._new_folder()),
            watcher=self.watcher,
            seconds=self.patience,
            is_heeding=words[0] == str(_RUNNER),
        )
        output = f"{ended.output}\n{ended.errors}".strip()
        if ended.status:
            said = f"\n{ended.words}" if output else " without a word"
            raise HookFailed(f"{shown} failed{said}", output)
        return output

    def _new_folder(self) -> Path:
        folder = self.folder / os.urandom(6).hex()
        folder.mkdir()
        return folder


def _inside(folder: Path, name: object) -> Path:
    """Return what a hook has put into a folder; raises ValueError when its answer leads elsewhere."""
    if not isinstance(name, str) or not name or Path(name).name != name or (folder / name).is_symlink():
        raise ValueError(f"its backend returned no file name but {name!r}")
    return folder / name


def _small(file: Path) -> bytes:
    if file.is_symlink() or file.stat().st_size > _LARGEST_METADATA:
        raise ValueError("its METADATA is a link, or larger than 32 MB")
    return file.read_bytes()


def _metadata_in(file: Path) -> bytes:
    with zipfile.ZipFile(file) as wheel:
        for member in wheel.infolist():
            if member.filename.count("/") == 1 and member.filename.endswith(".dist-info/METADATA"):
                with wheel.open(member) as stream:
                    return stream.read(_LARGEST_METADATA)
    raise ValueError("its backend built a wheel without METADATA")
