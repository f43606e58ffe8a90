"""What a command did, as a value for the code that comes after it in the notebook."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sized

    from chapbook.magics.outcome import Outcome

_STORY = ", because"
_KINDS = {"add": "added", "remove": "removed", "update": "changed", "downgrade": "changed", "reinstall": "changed"}


class Result:
    """What `%poetry ...` returns.

    It was shown when the command ended; so it shows itself again only when it is asked for in another cell.
    """

    def __init__(self, line: str, outcome: Outcome, shown_in: int | None = None) -> None:
        self.line = line
        """The words behind `%poetry`, without secrets."""
        self.command = outcome.command
        self.exit_status = outcome.exit_status
        self.data = outcome.data
        """What `--format json` prints."""
        self.text = outcome.text
        self.html = outcome.html
        self.message = outcome.message
        """What went wrong; empty when nothing did."""
        self.hints = outcome.hints
        self.environment_changed = outcome.environment_changed
        self.project = outcome.project
        """The folder of the project; absent where there is none."""
        self._shown_in = shown_in

    # What changed

    @property
    def changes(self) -> list[dict[str, str]]:
        """Every package that changed in the lock, as `kind`, `name`, `before`, `after` and `note`."""
        changes = self._part("changes")
        return [change for change in changes if isinstance(change, dict)] if isinstance(changes, list) else []

    @property
    def added(self) -> dict[str, str]:
        """Versions of the packages that came, by name."""
        return {change["name"]: change["after"] for change in self._of("added")}

    @property
    def removed(self) -> dict[str, str]:
        """Versions of the packages that went, by name."""
        return {change["name"]: change["before"] for change in self._of("removed")}

    @property
    def changed(self) -> dict[str, tuple[str, str]]:
        """Versions before and after of the packages that stayed, by name."""
        return {change["name"]: (change["before"], change["after"]) for change in self._of("changed")}

    @property
    def lock(self) -> dict[str, Any] | None:
        """What was written: `project_file` and `lock_file` say whether each changed, `packages` how many are locked."""
        written = self._part("written")
        return written if isinstance(written, dict) else None

    @property
    def environment(self) -> str | None:
        """The folder of the environment that the change was applied to."""
        applied = self._part("applied")
        return applied.get("environment") if isinstance(applied, dict) else None

    def _of(self, kind: str) -> list[dict[str, str]]:
        return [change for change in self.changes if _KINDS.get(change.get("kind", "")) == kind]

    def _part(self, name: str) -> Any:
        return self.data.get(name) if isinstance(self.data, dict) else None

    # How it shows itself

    def __bool__(self) -> bool:
        return self.exit_status == 0

    def __str__(self) -> str:
        return self.text.rstrip("\n")

    def __repr__(self) -> str:
        counts: dict[str, Sized] = {"added": self.added, "removed": self.removed, "changed": self.changed}
        facts = [f"{len(found)} {word}" for word, found in counts.items() if found]
        if self.exit_status:
            facts.append(f"exit status {self.exit_status}")
        words = f"poetry {self.line}".rstrip()
        return f"<{words}: {', '.join(facts)}>" if facts else f"<{words}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        told = {"text/plain": str(self) or repr(self)}
        if self.html:
            told["text/html"] = self.html
        return told

    def _ipython_display_(self) -> None:
        # The one thing of IPython that this module needs, and only when a value is shown.
        from IPython import get_ipython

        shell: Any = get_ipython()
        shown_in, self._shown_in = self._shown_in, None
        if shell is None or not _shows_documents(shell):
            # A terminal has written its `Out[1]:` already.
            print(repr(self))
        elif shown_in is None or shown_in != shell.execution_count:
            shell.display_pub.publish(self._repr_mimebundle_())


class Results(tuple):  # type: ignore[type-arg]  # subscripting it needs Python 3.9
    """What `%%poetry` returns: the result of each line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self))}]"

    def _ipython_display_(self) -> None:
        for result in self:
            result._ipython_display_()


class CommandFailed(Exception):
    """A command failed, and the cells after it do not run; `result` tells more.

    The story has been shown already, so the error is one line and no traceback.
    """

    def __init__(self, result: Result, *, is_seen: bool = False) -> None:
        """`is_seen` tells that somebody looks at the story, so that its end need not be said again below it."""
        # A story of several lines begins with what it explains.
        first = result.message.strip().partition("\n")[0]
        first = first[: -len(_STORY)] if first.endswith(_STORY) else first
        reason = first or f"it ended with status {result.exit_status}"
        command = f"`{f'%poetry {result.line}'.rstrip()}`"
        super().__init__(f"{command}: {reason}")
        self.result = result
        # Whoever runs a notebook unattended shows the error, and nothing of what was shown before it. A program that
        # was run may have said nothing at all.
        self._shown = f"{command}, see above" if is_seen and (first or result.text) else str(self)

    def _render_traceback_(self, *_: object) -> list[str]:
        return [f"{type(self).__name__}: {self._shown}"]


class CommandCancelled(KeyboardInterrupt):
    """The person interrupted a command, which has undone what it had begun; `result` tells more."""

    def __init__(self, result: Result) -> None:
        super().__init__(f"`{f'%poetry {result.line}'.rstrip()}`: {result.message.strip() or 'cancelled'}")
        self.result = result

    def _render_traceback_(self, *_: object) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def _shows_documents(shell: Any) -> bool:
    """Tell whether what is published becomes HTML somewhere; IPython's own publisher prints the plain text."""
    # Loaded by IPython long before.
    from IPython.core.displaypub import DisplayPublisher

    return type(shell.display_pub) is not DisplayPublisher
