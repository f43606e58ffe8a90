"""An interned multi-valued decision diagram: a boolean function of an environment is one integer.

A node asks for one variable and has a child for each class of its values; TRUE and FALSE are the two leaves.
Variables are asked in ascending order, equal children are merged and equal nodes are one node, so two functions are
equal exactly when their integers are (Bryant 1986, with values in place of bits). A variable is a string, and strings
order the same in every process, so the shape of a diagram never depends on what was parsed before.

Two kinds of nodes:

    interval   the values are ordered; `keys` are cuts, child i takes the values from cut i-1 to below cut i
    choice     the values are texts; child i + 1 takes the value `keys[i]`, child 0 every other value

A yes-or-no variable is an interval node whose only cut is 1.

Memory: nodes are never dropped, because anyone may hold their integers; they are few (an application of 500 packages
has some thousands, at about 300 bytes each). The memo tables of operations are dropped when they reach MEMO_LIMIT
entries; that costs time, never correctness. Interning takes a lock only for a node that does not exist yet.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

FALSE = 0
TRUE = 1
MEMO_LIMIT = 1 << 18

Kind: TypeAlias = Literal["interval", "choice"]
Cut: TypeAlias = int | tuple[tuple[int, ...], int]
Key: TypeAlias = str | Cut
Value: TypeAlias = Key | None
"""A value of a variable in a point; None is any text that no node names."""

# Diagrams taller than this together are walked with an explicit stack, far from the interpreter's recursion limit.
_TALL = 64


class Node(NamedTuple):
    """One question: the variable, the keys that divide its values, and a child for each class."""

    variable: str
    kind: Kind
    keys: tuple[Key, ...]
    children: tuple[int, ...]


_Aligned: TypeAlias = "tuple[str, Kind, Sequence[Key], Sequence[int], Sequence[int]]"

_LEAF = Node("\U0010ffff", kind="interval", keys=(), children=())
_nodes: list[Node] = [_LEAF, _LEAF]
_heights: list[int] = [0, 0]
_identities: dict[tuple[str, Kind, tuple[Key, ...], tuple[int, ...]], int] = {}
_growing = Lock()

_conjunctions: dict[tuple[int, int], int] = {}
_disjunctions: dict[tuple[int, int], int] = {}
_complements: dict[int, int] = {}


def node_of(identity: int) -> Node:
    """Return the node behind an integer; for a leaf, one without children whose variable sorts last."""
    return _nodes[identity]


def interval(variable: str, cuts: Sequence[Cut], children: Sequence[int]) -> int:
    """Return the function that takes child i for the values between cut i-1 and cut i; cuts ascend."""
    return _made(variable, "interval", cuts, children)


def choice(variable: str, children: Mapping[str, int], default: int) -> int:
    """Return the function that takes the child of a named value, and `default` for every other value."""
    keys = sorted(children)
    return _made(variable, "choice", keys, [default, *[children[key] for key in keys]])


def flag(variable: str) -> int:
    """Return the function that is true when a yes-or-no variable is yes."""
    return _made(variable, "interval", (1,), (FALSE, TRUE))


def conjunction(a: int, b: int) -> int:
    """Return the function that is true where both are."""
    # Nothing is asked more often while solving, hence one comparison after the other.
    if a == b or not b:
        return b
    if b == TRUE:
        return a
    if a <= TRUE:
        return b if a else FALSE
    pair = (a, b) if a < b else (b, a)
    known = _conjunctions.get(pair)
    if known is not None:
        return known
    if _heights[a] + _heights[b] > _TALL:
        return _combined_tall(pair, _conjunctions, absorbing=FALSE, neutral=TRUE)
    variable, kind, keys, lefts, rights = _aligned(_nodes[a], _nodes[b], a, b)
    result = _made(variable, kind, keys, list(map(conjunction, lefts, rights)))
    if len(_conjunctions) >= MEMO_LIMIT:
        _conjunctions.clear()
    _conjunctions[pair] = result
    return result


def disjunction(a: int, b: int) -> int:
    """Return the function that is true where either is."""
    if a == b or not b:
        return a
    if b == TRUE:
        return TRUE
    if a <= TRUE:
        return TRUE if a else b
    pair = (a, b) if a < b else (b, a)
    known = _disjunctions.get(pair)
    if known is not None:
        return known
    if _heights[a] + _heights[b] > _TALL:
        return _combined_tall(pair, _disjunctions, absorbing=TRUE, neutral=FALSE)
    variable, kind, keys, lefts, rights = _aligned(_nodes[a], _nodes[b], a, b)
    result = _made(variable, kind, keys, list(map(disjunction, lefts, rights)))
    if len(_disjunctions) >= MEMO_LIMIT:
        _disjunctions.clear()
    _disjunctions[pair] = result
    return result


def complement(a: int) -> int:
    """Return the function that is true where this one is false."""
    known = _complements.get(a)
    if known is not None:
        return known
    if len(_complements) >= MEMO_LIMIT:
        _complements.clear()
    results = {FALSE: TRUE, TRUE: FALSE}
    result = _rebuilt(a, _unchanged, results)
    _complements.update(results)
    _complements[result] = a
    return result


def difference(a: int, b: int) -> int:
    """Return the function that is true where the first is and the second is not."""
    if not b or not a:
        return a
    return FALSE if a == b else conjunction(a, complement(b))


def implies(a: int, b: int) -> bool:
    """Tell whether the second is true wherever the first is."""
    if _heights[a] + _heights[b] > _TALL:
        return _implies_tall(a, b)
    return conjunction(a, b) == a


def is_disjoint(a: int, b: int) -> bool:
    """Tell whether the two are nowhere true together."""
    return conjunction(a, b) == FALSE


@lru_cache(maxsize=65536)
def cofactor(a: int, variable: str, value: Value) -> int:
    """Return the function with one variable's value known; the result does not ask for it."""
    if variable not in variables(a):
        return a

    def decide(node: Node, children: tuple[int, ...]) -> int | None:
        return children[_position(node, value)] if node.variable == variable else None

    return _rebuilt(a, decide, {FALSE: FALSE, TRUE: TRUE})


def forget(a: int, forgotten: Callable[[str], bool]) -> int:
    """Return where the function can be true when the forgotten variables may have any value (projection)."""

    def decide(node: Node, children: tuple[int, ...]) -> int | None:
        if not forgotten(node.variable):
            return None
        result = FALSE
        for child in children:
            result = disjunction(result, child)
        return result

    return _rebuilt(a, decide, {FALSE: FALSE, TRUE: TRUE})


@lru_cache(maxsize=65536)
def variables(a: int) -> frozenset[str]:
    """Return the variables that the function depends on."""
    return frozenset(_nodes[identity].variable for identity in _reachable(a, ()))


def sample(a: int) -> dict[str, Value]:
    """Return one point where the function is true: a value for each variable asked on the way.

    The same function gives the same point in every process. Raises ValueError for FALSE.
    """
    if a == FALSE:
        raise ValueError("nothing is true nowhere")
    point: dict[str, Value] = {}
    while a != TRUE:
        node = _nodes[a]
        index = next(index for index, child in enumerate(node.children) if child != FALSE)
        point[node.variable] = _lowest(node) if index == 0 else node.keys[index - 1]
        a = node.children[index]
    return point


class Point(Protocol):
    """A value for each variable; a mapping is one."""

    def get(self, variable: str, /) -> Value:
        """Return the value of a variable, or None when the point says nothing of it."""


def contains(a: int, point: Point) -> bool:
    """Tell whether the function is true at a point; a variable the point leaves out has its lowest value."""
    while a > TRUE:
        node = _nodes[a]
        value = point.get(node.variable)
        a = node.children[0 if value is None else _position(node, value)]
    return a == TRUE


def _aligned(first: Node, second: Node, a: int, b: int) -> _Aligned:
    """Return the upper variable of two nodes with their children side by side, one pair for each class of values."""
    if first.variable < second.variable:
        return first.variable, first.kind, first.keys, first.children, (b,) * len(first.children)
    if second.variable < first.variable:
        return second.variable, second.kind, second.keys, second.children, (a,) * len(second.children)
    if first.keys == second.keys:
        return first.variable, first.kind, first.keys, first.children, second.children
    return _aligned_choices(first, second) if first.kind == "choice" else _aligned_intervals(first, second)


def _aligned_choices(first: Node, second: Node) -> _Aligned:
    default, *named = first.children
    other_default, *other_named = second.children
    left = dict(zip(first.keys, named, strict=True))
    right = dict(zip(second.keys, other_named, strict=True))
    keys = tuple(sorted(left | right))
    lefts = [default, *[left.get(key, default) for key in keys]]
    rights = [other_default, *[right.get(key, other_default) for key in keys]]
    return first.variable, "choice", keys, lefts, rights


def _aligned_intervals(first: Node, second: Node) -> _Aligned:
    keys = tuple(sorted({*first.keys, *second.keys}))
    lefts = [first.children[0], *[first.children[bisect_right(first.keys, key)] for key in keys]]
    rights = [second.children[0], *[second.children[bisect_right(second.keys, key)] for key in keys]]
    return first.variable, "interval", keys, lefts, rights


def _made(variable: str, kind: Kind, keys: Sequence[Key], children: Sequence[int]) -> int:
    """Return the node with these children, after equal neighbours, or values equal to the default, are merged."""
    default = last = children[0]
    kept_keys: list[Key] = []
    kept = [default]
    for key, child in zip(keys, children[1:], strict=True):
        if child != last:
            kept_keys.append(key)
            kept.append(child)
            if kind == "interval":
                last = child
    if not kept_keys:
        return default
    identity = variable, kind, tuple(kept_keys), tuple(kept)
    known = _identities.get(identity)
    return _grown(Node(*identity)) if known is None else known


def _grown(node: Node) -> int:
    with _growing:
        known = _identities.get(node)
        if known is None:
            known = len(_nodes)
            _heights.append(1 + max(_heights[child] for child in node.children))
            _nodes.append(node)
            # Published last, so that whoever finds the integer finds its node.
            _identities[node] = known
        return known


def _combined_tall(pair: tuple[int, int], memo: dict[tuple[int, int], int], *, absorbing: int, neutral: int) -> int:
    """Do what conjunction and disjunction do, with a stack of pairs in place of calls."""
    # The shared memo may be dropped meanwhile, so the results live here until the walk ends.
    results: dict[tuple[int, int], int] = {}

    def known(a: int, b: int) -> int | None:
        if b in (neutral, a):
            return a
        if a == neutral:
            return b
        if absorbing in (a, b):
            return absorbing
        return results.get((a, b) if a < b else (b, a))

    stack = [pair]
    while stack:
        a, b = stack[-1]
        variable, kind, keys, lefts, rights = _aligned(_nodes[a], _nodes[b], a, b)
        children: list[int] = []
        for left, right in zip(lefts, rights, strict=True):
            child = known(left, right)
            if child is None:
                stack.append((left, right) if left < right else (right, left))
            else:
                children.append(child)
        if len(children) == len(lefts):
            results[a, b] = _made(variable, kind, keys, children)
            stack.pop()
    if len(memo) + len(results) >= MEMO_LIMIT:
        memo.clear()
    memo.update(results)
    return results[pair]


def _implies_tall(a: int, b: int) -> bool:
    """Look for a point of the first outside the second, without making nodes for what is compared."""
    seen: set[tuple[int, int]] = set()
    stack = [(a, b)]
    while stack:
        pair = stack.pop()
        a, b = pair
        if a == b or not a or b == TRUE or pair in seen:
            continue
        if not b:
            return False
        seen.add(pair)
        _, _, _, lefts, rights = _aligned(_nodes[a], _nodes[b], a, b)
        # The children of the lower variable's node are paired with the other node, whichever of the two that is.
        swapped = _nodes[b].variable < _nodes[a].variable
        stack.extend(zip(rights, lefts, strict=True) if swapped else zip(lefts, rights, strict=True))
    return True


def _rebuilt(a: int, decide: Callable[[Node, tuple[int, ...]], int | None], results: dict[int, int]) -> int:
    """Return the function rebuilt from its leaves up; `decide` may replace a node, given its rebuilt children.

    A child's integer is smaller than its parent's, so ascending order visits children first, without calls in calls.
    """
    for identity in sorted(_reachable(a, results)):
        node = _nodes[identity]
        children = tuple([results[child] for child in node.children])
        replaced = decide(node, children)
        results[identity] = _made(node.variable, node.kind, node.keys, children) if replaced is None else replaced
    return results[a]


def _unchanged(_node: Node, _children: tuple[int, ...]) -> None:
    """Decide nothing: only the leaves differ."""


def _reachable(a: int, known: Container[int]) -> set[int]:
    """Return the nodes below and including one, without leaves and what is below known ones."""
    seen: set[int] = set()
    stack = [a]
    while stack:
        identity = stack.pop()
        if identity > TRUE and identity not in seen and identity not in known:
            seen.add(identity)
            stack.extend(_nodes[identity].children)
    return seen


def _position(node: Node, value: Value) -> int:
    """Return the index of the child that a value leads to."""
    if value is None:
        return 0
    if node.kind == "choice":
        return node.keys.index(value) + 1 if value in node.keys else 0
    return bisect_right(node.keys, value)


def _lowest(node: Node) -> Value:
    """Return a value of the first class: below every cut, or none of the named texts."""
    match node.keys[0]:
        case int():
            return 0
        case tuple():
            return (), -1
        case _:
            return None
