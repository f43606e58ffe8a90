"""A clock that moves only when it is told to."""

from __future__ import annotations


class Clock:
    """Passes wherever a `Callable[[], float]` of seconds since the epoch is asked for."""

    def __init__(self, now: float = 1_735_689_600.0) -> None:
        self.now = now
        """Seconds since the epoch; the default is the first moment of 2025, UTC."""
        self.slept: list[float] = []
        """What `sleep` was asked for, in order."""

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        """Stand in for `time.sleep`: time passes at once and the wish is remembered."""
        self.slept.append(seconds)
        self.now += seconds
