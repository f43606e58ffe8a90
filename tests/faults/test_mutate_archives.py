"""Archives that were spoilt, a few hundred of them; `mutate_archives` spoils as many as one likes."""

from __future__ import annotations

from tests.faults.mutate_archives import run_mutations


def test_a_spoilt_archive_is_refused_in_a_sentence_or_is_what_others_read_of_it() -> None:
    tally = run_mutations(600, seed=3)
    assert [] == tally.wrong
    assert tally.refused > 100
    assert tally.taken > 50
