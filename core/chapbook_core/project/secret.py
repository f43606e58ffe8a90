"""A text that nobody may read by accident."""

from __future__ import annotations

from chapbook_core.value import field, frozen

MASK = "****"


@frozen
class Secret:
    """A password or token: printing, formatting or logging it shows a mask; only `reveal` gives the text."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text itself; call it where the secret leaves for its owner, nowhere else."""
        return self._text

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __bool__(self) -> bool:
        return bool(self._text)
