"""A loopback package index as real as the public one: `FakeIndex`, its dialects, faults and worlds."""

from tests.fakes.index.dialect import DIALECTS, Dialect
from tests.fakes.index.fake_index import FakeIndex
from tests.fakes.index.world import World

__all__ = ["DIALECTS", "Dialect", "FakeIndex", "World"]
