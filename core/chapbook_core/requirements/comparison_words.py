"""A comparison of a marker in its author's words, and what two of the same variable amount to.

Values of one variable that are joined by `or` (`==`) or by `and` (`!=`) count as one comparison. Those of Python are
compared by the final releases that they let through, which is how Poetry sees them: a bound at a pre-release is the
same as one at the release it leads to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import TRUE, node_of
from chapbook_core.requirements.interpreter_version import FINAL, family, full_comparison, minor_comparison, parts
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.requirements.interpreter_version import Cuts
    from chapbook_core.requirements.marker import Marker

SHORT, FULL = "python_version", "python_full_version"
PYTHON_NAMES = frozenset({SHORT, FULL})
_EXTRA = "extra"
_PRECISION = 3


@frozen
class Words:
    """A variable, an operator and a value; or several values, of which any (`==`) or none (`!=`) is meant."""

    name: str
    operator: str
    values: tuple[str, ...]

    @property
    def text(self) -> str:
        """The comparison as a marker has it, with its values spread out."""
        if not self.name:
            return self.values[0]
        word = " or " if self.operator == "==" else " and "
        return word.join(f'{self.name} {self.operator} "{value}"' for value in self.values)

    @property
    def is_choice(self) -> bool:
        """Whether `and` would tear its text apart."""
        return self.operator == "==" and len(self.values) > 1


def words_of(text: str) -> Words:
    """Take a spelled comparison apart; one with the variable last keeps its text as it is."""
    name, _, rest = text.partition(" ")
    operator, _, value = rest.partition(' "')
    if text.startswith('"') or not value.endswith('"'):
        return Words("", "", (text,))
    value = value[:-1]
    if name == FULL and operator not in {"in", "not in"} and value.replace(".", "").isdigit():
        value += ".0" * (_PRECISION - 1 - value.count("."))
    return Words(name, operator, (value,))


def both(first: Words, second: Words) -> Words | bool | None:
    """Return the comparison that is both; False when they exclude each other, None when there is no one comparison."""
    if {first.name, second.name} <= PYTHON_NAMES:
        return _pythons_both(first, second)
    # Several extras may be asked for at once.
    if first.name != second.name or first.name == _EXTRA or not _is_plain(first, second):
        return None
    ours, theirs = first.values, second.values
    match first.operator, second.operator:
        case "==", "==":
            found = _chosen("==", [value for value in ours if value in theirs], first, second)
        case "!=", "!=":
            found = _chosen("!=", list(dict.fromkeys(ours + theirs)), first, second)
        case "==", _:
            found = _chosen("==", [value for value in ours if value not in theirs], first, second)
        case _:
            found = _chosen("==", [value for value in theirs if value not in ours], second, first)
    return found or False


def either(first: Words, second: Words) -> tuple[Words, ...] | bool | None:
    """Return the comparison that is one or the other; True for always, None when there is no one comparison.

    Two bounds of Python that together are one range are returned as its two ends.
    """
    if {first.name, second.name} <= PYTHON_NAMES:
        return _pythons_either(first, second)
    if first.name != second.name or not _is_plain(first, second):
        return None
    ours, theirs = first.values, second.values
    match first.operator, second.operator:
        case "==", "==":
            found = _chosen("==", list(dict.fromkeys(ours + theirs)), first, second)
        case "!=", "!=":
            found = _chosen("!=", [value for value in ours if value in theirs], first, second)
        case "==", _:
            found = _chosen("!=", [value for value in theirs if value not in ours], second, first)
        case _:
            found = _chosen("!=", [value for value in ours if value not in theirs], first, second)
    return True if found is None else (found,)


def pythons_of(words: Words) -> Cuts | None:
    """Return the final releases of Python that satisfy a comparison, as cuts; None when it is not of that kind."""
    if words.name not in PYTHON_NAMES or len(words.values) != 1:
        return None
    if words.operator not in {"<", "<=", ">", ">=", "==", "!=", "~="}:
        return None
    compare = minor_comparison if words.name == SHORT else full_comparison
    cuts = compare(words.operator, words.values[0])
    return None if cuts is None else final_cuts(cuts)


def releases_of(python: Marker) -> Cuts:
    """Return the final releases that satisfy a marker of nothing but Python."""
    if python.node <= TRUE:
        return (0,) if python.node == TRUE else ()
    question = node_of(python.node)
    cuts = tuple(key for key in question.keys if isinstance(key, int))
    return final_cuts((0, *cuts) if question.children[0] == TRUE else cuts)


def final_cuts(cuts: Cuts) -> Cuts:
    """Return cuts moved to where the next final release begins."""
    moved: list[int] = []
    for cut in cuts:
        major, minor, patch, place = parts(cut)
        at = family(major, minor, patch + (place > FINAL))
        if moved and moved[-1] == at:
            moved.pop()
        else:
            moved.append(at)
    return tuple(moved)


def combined(first: Cuts, second: Cuts, keep: Callable[[bool, bool], bool]) -> Cuts:
    """Return the set of what `keep` keeps, told whether it is in either set."""
    found: list[int] = []
    for cut in sorted({0, *first, *second}):
        inside = keep(_is_inside(first, cut), _is_inside(second, cut))
        if inside != (len(found) % 2 == 1):
            found.append(cut)
    return tuple(found)


def intersection(first: Cuts, second: Cuts) -> Cuts:
    """Return what is in both sets."""
    return combined(first, second, lambda a, b: a and b)


def single_minor(cuts: Cuts) -> Words | None:
    """Return `python_version == "3.9"` for a set that is one minor version."""
    if len(cuts) == 2:  # noqa: PLR2004 (where it begins and where it ends)
        major, minor, _, _ = parts(cuts[0])
        if cuts == (family(major, minor), family(major, minor + 1)):
            return Words(SHORT, "==", (f"{major}.{minor}",))
    return None


def _pythons_both(first: Words, second: Words) -> Words | bool | None:
    ours, theirs = pythons_of(first), pythons_of(second)
    if ours is None or theirs is None:
        return first if first == second else None
    cuts = intersection(ours, theirs)
    if not cuts:
        return False
    if (same := _same(cuts, (first, ours), (second, theirs))) is not None:
        return same
    return single_minor(cuts) if first.name == second.name == SHORT else None


def _pythons_either(  # noqa: PLR0911 (one for each form of the answer)
    first: Words, second: Words
) -> tuple[Words, ...] | bool | None:
    ours, theirs = pythons_of(first), pythons_of(second)
    if ours is None or theirs is None:
        return (first,) if first == second else None
    cuts = combined(ours, theirs, lambda a, b: a or b)
    if (same := _same(cuts, (first, ours), (second, theirs))) is not None:
        return (same,)
    match cuts:
        case (0,):
            return True
        case (begin,):
            return (_bound(">=", begin),)
        case (0, end):
            return (_bound("<", end),)
        case (begin, end) if first.name == second.name == SHORT:
            return (_bound(">=", begin), _bound("<", end))
        case _:
            return None


def _same(cuts: Cuts, *known: tuple[Words, Cuts]) -> Words | None:
    """Return the words that already say it, those of a minor version before those of a full one."""
    found = [words for words, own in known if own == cuts]
    return min(found, key=lambda words: words.name == FULL) if found else None


def _bound(operator: str, cut: int) -> Words:
    major, minor, patch, _ = parts(cut)
    return (
        Words(FULL, operator, (f"{major}.{minor}.{patch}",)) if patch else Words(SHORT, operator, (f"{major}.{minor}",))
    )


def _is_inside(cuts: Cuts, place: int) -> bool:
    return sum(cut <= place for cut in cuts) % 2 == 1


def _is_plain(*words: Words) -> bool:
    return all(one.name and one.operator in {"==", "!="} for one in words)


def _chosen(operator: str, values: list[str], first: Words, second: Words) -> Words | None:
    """Return the comparison with these values, in the words of one of the two when it says so already."""
    if not values:
        return None
    for words in (first, second):
        if words.operator == operator and set(words.values) == set(values):
            return words
    return Words(first.name, operator, tuple(values))
