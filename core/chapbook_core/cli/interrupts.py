"""What an interrupt means, from the first to the last moment of a command."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

INTERRUPTED = 130
"""What a shell reports for a program that an interrupt ended."""
_SIGINT = 2
_BASE_STATUS = 128
"""A shell reports the number of the signal above this."""
_A_MOMENT = 0.002
"""Seconds."""


class ToldToStop(SystemExit):
    """A signal has come that ends programs, and what is half done is undone first."""

    def __init__(self, number: int) -> None:
        super().__init__(_BASE_STATUS + number)
        self.number = number


class Interrupts:
    """Hears the interrupts of one command.

    Before it begins nothing is changed. While it works an interrupt is a `KeyboardInterrupt`, by which what is half
    done is undone. From the moment on when what was asked for has happened, a first one is not heard: the result
    stands, and is told. Where the process is the command's, it ends on the spot when there is nothing to undo; an
    exception could come out anywhere, as what another module prints, or swallows.
    """

    def __init__(self) -> None:
        self.is_working = False
        self.is_over = False
        self.is_leaving = False
        """Whether another program is about to take the place of this one."""
        self.is_committed: Callable[[], bool] = _no
        self._has_process = False
        self._is_first = True
        self._is_hearing = False
        """Whether one is heard that came where nothing can be stopped."""

    def own_process(self) -> None:
        """Hear the interrupts of this process to its end, unless it hears none or somebody else does."""
        # The module around it takes more time than all else that answers `--version`.
        import _signal  # type: ignore[import-not-found]  # mypy knows the module around it alone

        if _signal.getsignal(_SIGINT) is _signal.default_int_handler:
            self._has_process = True
            sys.unraisablehook = self._hear_again
            _signal.signal(_SIGINT, self)

    def resume(self) -> None:
        """Hear them again when somebody else did for a while, as a loop does."""
        if self._has_process:
            self.own_process()

    def give_back(self) -> None:
        """Leave those that come from here on to Python, where the process goes on with something else."""
        if not self._has_process:
            # Loaded long ago, if they were heard here.
            import _signal  # as above

            if _signal.getsignal(_SIGINT) is self:
                _signal.signal(_SIGINT, _signal.default_int_handler)

    @property
    def is_too_late(self) -> bool:
        """Whether what was asked for has happened."""
        return self.is_over or self.is_committed()

    def __call__(self, _number: int = _SIGINT, _frame: FrameType | None = None) -> None:
        """Hear one."""
        if self.is_leaving:
            self._end("error: interrupted\n")
        elif self.is_too_late:
            if self._is_first:
                self._is_first = False
                return
            if self.is_over:
                self._end("")
        elif not self.is_working:
            self._end(self.story)
        raise KeyboardInterrupt

    def _hear_again(self, ignored: sys.UnraisableHookArgs) -> None:
        """Hear once more what came where nothing can be stopped, as in what is called when an object goes."""
        if isinstance(ignored.exc_value, ToldToStop):
            number = ignored.exc_value.number
        elif issubclass(ignored.exc_type, KeyboardInterrupt):
            number = _SIGINT
        else:
            sys.__unraisablehook__(ignored)
            return
        # Hardly ever needed.
        import threading

        self._is_hearing = True
        again = threading.Timer(_A_MOMENT, self._strike_again, (number,))
        again.daemon = True
        again.start()
        self._is_hearing = False

    def _strike_again(self, number: int) -> None:
        import _thread  # as above
        import time

        # It must not come before that function, in which it would be ignored again, has ended.
        while self._is_hearing:
            time.sleep(_A_MOMENT)
        time.sleep(_A_MOMENT)
        if os.name == "nt":
            # What is no event of a console ends the process there, whoever hears it.
            _thread.interrupt_main(number)  # type: ignore[arg-type]  # any number will do
        else:
            os.kill(os.getpid(), number)

    @property
    def story(self) -> str:
        """What is to be said of an interrupt that was heard."""
        return "error: interrupted; what was done stays\n" if self.is_too_late else _NOTHING

    def _end(self, story: str) -> None:
        """End the process, if it is the command's."""
        if self._has_process:
            tell(story)
            os._exit(INTERRUPTED)


_NOTHING = "error: cancelled; nothing was changed\n"


def tell(story: str) -> None:
    """Write to the error stream, past whoever is writing there at this moment."""
    try:
        if sys.__stderr__ is not None:
            os.write(sys.__stderr__.fileno(), story.encode())
    except (OSError, ValueError):
        # It is closed, and there is nobody to tell.
        return


def _no() -> bool:
    return False
