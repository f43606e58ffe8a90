"""Liveness: what a change of the environment does to the kernel that runs from it, judged before anything is changed.

A module that is loaded stays what it was when its file is replaced, while what it imports later comes from the new
files: such a mixture fails in ways that nobody can explain. So what changes is held against what is loaded.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Data, Line, Message, Span, as_data
from chapbook_core.errors import Cancelled
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Level
    from chapbook_core.commands.running_kernel import RunningKernel
    from chapbook_core.commands.surroundings import Asker
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.site_packages import Distribution

KERNEL_PARTS = frozenset(
    {
        *("ipykernel", "ipython", "pyzmq", "tornado", "traitlets", "comm", "debugpy", "jupyter-client", "jupyter-core"),
        *("matplotlib-inline", "nest-asyncio", "jedi", "parso", "prompt-toolkit", "decorator", "stack-data"),
        *("pure-eval", "executing", "asttokens"),
    }
)
"""Distributions that a kernel is made of: without them, or with two versions of them, it may stop to answer."""
_SHOWN = 3


class Verdict(Enum):
    """What a change means for a running kernel."""

    HOT = "hot"
    """Nothing that is loaded changes: what arrives can be imported at once."""
    RESTART = "restart"
    """What is loaded changes: the kernel has to be restarted."""
    BLOCKED = "blocked"
    """The kernel itself would change underneath."""


class Timing(Enum):
    """When the environment is changed."""

    ASK = "ask"
    """At once when that is harmless; else as the person says, and at the next start when nobody is there."""
    NOW = "now"
    NEXT_START = "next-start"


@frozen
class Stale:
    """A distribution that changes while modules of it are loaded."""

    name: str
    before: str
    after: str
    """Empty when it goes."""
    modules: tuple[str, ...]
    """The loaded modules, the shortest names first."""


@frozen
class Live:
    """What became of a change under a running kernel."""

    verdict: Verdict
    timing: Timing
    """What was decided; `ASK` where nothing was to be done."""
    stale: tuple[Stale, ...] = ()
    is_fresh: bool = False
    """Whether nothing was run in the kernel yet, so that a restart costs nothing."""
    importable: tuple[str, ...] = ()
    """Top-level modules that have arrived and can be imported now, those of what the project asks for first."""
    asked: int = 0
    """How many of them belong to what the project asks for."""
    elsewhere: tuple[str, ...] = ()
    """Top-level modules that have arrived, of which the kernel has loaded others from somewhere else."""

    @property
    def needs_restart(self) -> bool:
        """Whether the kernel and the project go together only after a restart."""
        return self.verdict is not Verdict.HOT or self.is_postponed

    @property
    def is_postponed(self) -> bool:
        """Whether the environment is as it was, and follows later."""
        return self.timing is Timing.NEXT_START

    def with_arrived(
        self, modules: Iterable[str], others: Iterable[str], kernel: RunningKernel, environment: Path
    ) -> Live:
        """Add what has arrived in the environment, by its top-level modules: those asked for, and what they need."""
        changed = {module.partition(".")[0] for stale in self.stale for module in stale.modules}
        own = {module for module in kernel.loaded_below(environment).values() if "." not in module}
        wanted = dict.fromkeys(modules)
        arrived = [module for module in dict.fromkeys((*wanted, *others)) if module not in changed | own]
        public = [module for module in arrived if not module.startswith("_")]
        ready = [module for module in public or arrived if module not in kernel.modules]
        return replace(
            self,
            importable=tuple(sorted(ready, key=lambda module: (module not in wanted, module))),
            asked=sum(module in wanted for module in ready),
            elsewhere=tuple(sorted(module for module in arrived if module in kernel.modules)),
        )

    def blocks(self) -> tuple[Block, ...]:
        """Tell it."""
        if self.is_postponed:
            return self._postponed()
        if self.timing is Timing.ASK:
            return (Message("note", f"the kernel would need a restart: {_told(self.stale)}"),) if self.stale else ()
        # What can be done now goes before what has to be done.
        blocks: list[Block] = [*self._ready()]
        if self.stale:
            level: Level = "note" if self.is_fresh else "warning"
            blocks.append(Message(level, f"restart the kernel to use what has changed: {_told(self.stale)}"))
        if self.elsewhere:
            names = ", ".join(f"`{name}`" for name in self.elsewhere)
            text = f"the kernel has loaded {names} from elsewhere; what was put in is used after a restart"
            blocks.append(Message("note", text))
        return tuple(blocks)

    def data(self) -> dict[str, Data]:
        """Return it as JSON tells it."""
        return {
            "verdict": self.verdict.value,
            "applied": self.timing is Timing.NOW,
            "needs_restart": self.needs_restart,
            "fresh": self.is_fresh,
            "stale": as_data(self.stale),
            "importable": list(self.importable),
            "elsewhere": list(self.elsewhere),
        }

    def _ready(self) -> Iterator[Block]:
        """Name what a person has asked for; what that needs is counted."""
        shown = self.importable[: self.asked or _SHOWN]
        if shown:
            more = len(self.importable) - len(shown)
            yield Line(("Ready to import: ", Span(", ".join(shown), "name"), f" and {more} more" if more else ""))

    def _postponed(self) -> tuple[Block, ...]:
        reason = f": {_told(self.stale)}" if self.stale else ""
        hints = ["restart the kernel; a project's kernel brings the environment up to date before it starts"]
        if self.stale:
            hints.append("run `chapbook install --apply-now` to change what is loaded all the same")
        what = "the environment stays as it is" if not self.importable else "the rest of the environment stays as it is"
        text = f"{what} until the kernel restarts{reason}"
        return (*self._ready(), Message("warning", text, tuple(hints)))


def read_timing(invocation: Invocation) -> Timing:
    """Read the options of `declarations.live`."""
    if invocation.flag("apply-now"):
        return Timing.NOW
    return Timing.NEXT_START if invocation.flag("next-start") else Timing.ASK


def judge(
    kernel: RunningKernel, environment: Environment, leaving: Sequence[Distribution], after: Mapping[str, str]
) -> Live:
    """Hold the distributions that go, or are replaced, against what the kernel has loaded; nothing is decided yet.

    `after` are the versions that replace them, by name.
    """
    # Only kernels need it; the terminal goes without.
    from chapbook_core.installer.bad_wheel import Refusal
    from chapbook_core.installer.record import read_rows

    loaded = kernel.loaded_below(environment.path) if leaving else {}
    library = environment.site_packages.relative_to(environment.path).as_posix() + "/"
    tops = {path[len(library) :].partition("/")[0] for path in loaded if path.startswith(library)}
    found = []
    for distribution in leaving if tops else ():
        try:
            body = distribution.record.read_bytes()
            # Most distributions are not loaded at all, which their lists tell without being parsed.
            if not any(top.encode() in body for top in tops):
                continue
            paths = [f"{library}{row.path}" for row in read_rows(body)]
        except (OSError, Refusal):
            continue
        modules = sorted((loaded[path] for path in paths if path in loaded), key=lambda name: (name.count("."), name))
        if modules:
            name = distribution.name
            found.append(Stale(name, distribution.version, after.get(name, ""), tuple(modules)))
    stale = tuple(found)
    return Live(_verdict(stale), Timing.ASK, stale, kernel.is_fresh)


def decide(live: Live, timing: Timing, ask: Asker | None, agreed: Collection[str] = ()) -> Live:
    """Decide when the change happens; raises Cancelled when the person would rather not have it at all.

    `agreed` are distributions of which it is decided already that they wait for the next start.
    """
    if timing is not Timing.ASK:
        return replace(live, timing=timing)
    if live.verdict is Verdict.HOT or (live.verdict is Verdict.RESTART and live.is_fresh):
        return replace(live, timing=Timing.NOW)
    if ask is None or all(one.name in agreed for one in live.stale):
        return replace(live, timing=Timing.NEXT_START)
    return replace(live, timing=_asked(live, ask))


def arrived_modules(environment: Environment, names: Collection[str]) -> tuple[str, ...]:
    """Return the top-level modules that distributions have put into an environment, each one's after the other's."""
    from chapbook_core.environment.site_packages import scan_site_packages
    from chapbook_core.installer.top_levels import top_levels  # as in `judge`

    present = scan_site_packages(environment.site_packages).distributions
    return tuple(module for name in names if name in present for module in top_levels(present[name]))


def _verdict(stale: tuple[Stale, ...]) -> Verdict:
    if any(one.name in KERNEL_PARTS for one in stale):
        return Verdict.BLOCKED
    return Verdict.RESTART if stale else Verdict.HOT


def _asked(live: Live, ask: Asker) -> Timing:
    ask.tell(f"The running kernel has loaded what changes: {_told(live.stale)}")
    if live.verdict is Verdict.BLOCKED:
        ask.tell("The kernel itself is made of it, and may stop to answer when it is changed underneath.")
    words = {"next-start": Timing.NEXT_START, "now": Timing.NOW}
    question = "change the environment at the next start of the kernel, now, or not at all? (next-start, now, cancel)"
    answer = ask.ask(question, "next-start", _not_an_answer)
    timing = next((timing for word, timing in words.items() if word.startswith(answer.strip().lower())), None)
    if timing is None:
        raise Cancelled
    return timing


def _not_an_answer(answer: str) -> str | None:
    text = answer.strip().lower()
    known = ("next-start", "now", "cancel")
    fitting = [word for word in known if word.startswith(text)] if text else []
    return None if len(fitting) == 1 or text in known else "answer `next-start`, `now` or `cancel`"


def _told(stale: Sequence[Stale]) -> str:
    parts = []
    for one in stale[:_SHOWN]:
        count = len(one.modules)
        change = f"{one.before} -> {one.after}" if one.after else f"{one.before}, which goes"
        parts.append(f"`{one.name}` {change} ({count} module{'' if count == 1 else 's'} loaded)")
    more = len(stale) - _SHOWN
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")
