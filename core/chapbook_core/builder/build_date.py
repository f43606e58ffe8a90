"""The date that every file in a distribution bears: a fixed one, or what SOURCE_DATE_EPOCH says."""

from __future__ import annotations

import time

from chapbook_core.value import frozen

ZipDate = tuple[int, int, int, int, int, int]

_FIRST_YEAR, _LAST_YEAR = 1980, 2107
_LARGEST = 2**32 - 1
"""Seconds that the header of gzip can hold."""


@frozen
class BuildDate:
    """One moment, in the forms that the two kinds of archive take."""

    wheel: ZipDate = (2016, 1, 1, 0, 0, 0)
    sdist: int = 0


def build_date(source_date_epoch: str | None) -> BuildDate:
    """Return the date that a variable asks for; what no archive can hold gives way to the fixed date."""
    try:
        seconds = int(source_date_epoch or "")
        moment = time.gmtime(seconds)
    except (ValueError, OverflowError, OSError):
        return BuildDate()
    if not 0 <= seconds <= _LARGEST:
        return BuildDate()
    if not _FIRST_YEAR <= moment.tm_year <= _LAST_YEAR:
        return BuildDate(sdist=seconds)
    return BuildDate(
        (moment.tm_year, moment.tm_mon, moment.tm_mday, moment.tm_hour, moment.tm_min, min(moment.tm_sec, 59)), seconds
    )
