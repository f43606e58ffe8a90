"""When to ask again: how often, how long to wait before, and when to stop."""

from __future__ import annotations

import random

from chapbook_core.value import frozen


@frozen
class Patience:
    """How much trouble of a server is borne."""

    tries: int = 4
    """Requests in all."""
    total: float = 55.0
    """Seconds in all, waits included; a command that nobody answers ends within the minute."""
    first_wait: float = 0.25
    longest_wait: float = 8.0
    longest_retry_after: float = 20.0
    """A server that asks for more is not waited for."""

    def wait(self, tried: int, retry_after: float | None, left: float) -> float | None:
        """Give the seconds to wait after `tried` requests; nothing when it is enough.

        Doubled each time with full jitter, so that many clients do not come back at once.
        """
        if tried >= self.tries:
            return None
        if retry_after is not None:
            if retry_after > self.longest_retry_after or retry_after > left:
                return None
            return retry_after
        longest = min(self.longest_wait, self.first_wait * 2 ** (tried - 1))
        seconds = random.uniform(longest / 2, longest)  # noqa: S311  jitter is no secret
        return seconds if seconds < left else None


def retry_after_seconds(text: str | None, now: float) -> float | None:
    """Read `Retry-After`: seconds or a date (RFC 9110, section 10.2.3)."""
    if not text:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    # Imported here because `email` costs 10 ms, and hardly a server writes a date.
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
