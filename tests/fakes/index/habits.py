"""How an index behaves: everything about it that can be changed while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.index.dialect import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.index.dialect import Dialect
    from tests.fakes.index.login import Login
    from tests.fakes.index.resource import Ranges
    from tests.fakes.index.world import File


def every_file(_: File) -> bool:
    """Choose every file; the default of `metadata_for`."""
    return True


class Habits:
    """What can be changed about an index while it runs."""

    def __init__(self) -> None:
        self._dialect = DIALECTS["json"]
        self.latency = 0.0
        """Seconds before each answer."""
        self.max_age: int | None = 600
        """Seconds that pages may be kept without asking; nothing is said about it without one."""
        self.validators = True
        """Whether pages have an ETag."""
        self.gzip = True
        """Whether pages are compressed for clients that accept it."""
        self.ranges: Ranges = "serve"
        """How byte ranges of files are answered."""
        self.head = True
        """Whether HEAD is answered."""
        self.metadata_for: Callable[[File], bool] = every_file
        """Which wheels have a `.metadata` file, among those whose description gives them one."""
        self.files_elsewhere = False
        """Whether pages link to files on the second origin."""
        self.logins: list[Login] = []
        """Who may read; see `require_login`."""

    @property
    def dialect(self) -> Dialect:
        """How much the pages tell; set by value or by one of the names in `DIALECTS`."""
        return self._dialect

    @dialect.setter
    def dialect(self, dialect: str | Dialect) -> None:
        self._dialect = DIALECTS[dialect] if isinstance(dialect, str) else dialect
