"""A loopback package index as real as the public one.

    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b>=1"], python=">=3.9", sdist=True)
        index.faults.once("/simple/a/", reply_faults.status(503, retry_after=1))
        index.dialect = "html-bare"
        ...  # ask `index.url`
        assert index.counts["page"] == 1

What a release can be: `release.Release`. How much pages tell: `dialect.DIALECTS`. What can be changed while it runs:
`habits.Habits`. What can go wrong: `reply_faults` and `page_faults`. Worlds as files: `description`; large random ones:
`generated`. In a process of its own: `python -m tests.fakes.index`, or `separate.separate_index` from a program.
"""

from tests.fakes.index import page_faults, reply_faults
from tests.fakes.index.dialect import DIALECTS, Dialect
from tests.fakes.index.fake_index import FakeIndex
from tests.fakes.index.world import World

__all__ = ["DIALECTS", "Dialect", "FakeIndex", "World", "page_faults", "reply_faults"]
