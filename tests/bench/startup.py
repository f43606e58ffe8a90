"""What a start costs, in CPU time above that of the interpreter: `python -m tests.bench.startup [RUNS]`."""

from __future__ import annotations

import os
import statistics
import sys

CALLS = {
    "python -c pass": ["-c", "pass"],
    "import chapbook_core.cli": ["-c", "import chapbook_core.cli"],
    "chapbook --version": ["-m", "chapbook_core.cli", "--version"],
    "chapbook --help": ["-m", "chapbook_core.cli", "--help"],
    "chapbook version --help": ["-m", "chapbook_core.cli", "version", "--help"],
    "chapbook about": ["-m", "chapbook_core.cli", "about"],
}


def measure(arguments: list[str], silence: int) -> float:
    """Return the user and system time of one process, in milliseconds."""
    actions = [(os.POSIX_SPAWN_DUP2, silence, stream) for stream in (1, 2)]
    process = os.posix_spawn(sys.executable, [sys.executable, *arguments], os.environ, file_actions=actions)
    _, status, used = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return (used.ru_utime + used.ru_stime) * 1000


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def main(runs: int) -> None:
    """Print a table; the calls take turns, so that a busy machine slows all alike."""
    times: dict[str, list[float]] = {name: [] for name in CALLS}
    silence = os.open(os.devnull, os.O_WRONLY)
    for _ in range(runs):
        for name, arguments in CALLS.items():
            times[name].append(measure(arguments, silence))
    floor = {"min": min(times["python -c pass"]), "median": statistics.median(times["python -c pass"])}
    say(f"CPU milliseconds (user + system) of {runs} processes each, Python {sys.version.split()[0]}")
    say(f"{'':26}{'min':>8}{'median':>8}{'min above':>11}{'median above':>14}")
    for name, taken in times.items():
        low, middle = min(taken), statistics.median(taken)
        say(f"{name:26}{low:8.1f}{middle:8.1f}{low - floor['min']:11.1f}{middle - floor['median']:14.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
