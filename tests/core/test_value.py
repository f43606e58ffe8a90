from __future__ import annotations

import copy
import dataclasses
import pickle
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import pytest

import chapbook_core
from chapbook_core.value import field, frozen, is_value, make_ahead, members, mutable, replace

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@frozen
class Point:
    x: int
    y: int = 0
    names: dict[str, int] = field(default_factory=dict, compare=False)
    secret: str = field(default="", repr=False)
    kind: ClassVar[str] = "point"

    def moved(self) -> Point:
        return replace(self, x=self.x + 1)


@frozen
class Named(Point):
    name: str = "?"


@frozen(eq=False)
class Single:
    x: int


@frozen(repr=False)
class Quiet:
    x: int


@frozen
class Counted:
    count: int = 0


@frozen
class Nothing:
    pass


@mutable
class Counter:
    count: int = 0
    seen: list[int] = field(default_factory=list)


class Base(ABC):
    __slots__ = ()

    @abstractmethod
    def told(self) -> str: ...


@frozen
class Told(Base):
    text: str

    def told(self) -> str:
        return self.text


@frozen
class Remembering:
    x: int

    @cached_property
    def double(self) -> list[int]:
        return [self.x * 2]


@frozen
class Box(Generic[T]):
    content: T


MANY = 3
"""The first instance gives a class its `__init__`."""


def test_fields_are_set_by_place_by_name_and_by_default_for_the_first_instance_and_later_ones() -> None:
    for number in range(MANY):
        point = Point(number, secret="s")
        assert (point.x, point.y, point.names, point.secret) == (number, 0, {}, "s")
        named = Named(1, 2, {"a": 1}, "t", name="n")
        assert (named.x, named.y, named.names, named.secret, named.name) == (1, 2, {"a": 1}, "t", "n")


def test_what_is_made_ahead_is_what_the_first_instance_makes() -> None:
    @frozen
    class Ahead:
        x: int
        y: int = 2

    @frozen
    class Mistaken:
        x: int = 1
        y: int  # type: ignore[misc]  # that is the mistake

    make_ahead()
    init = Ahead.__init__
    assert (1, 2) == (Ahead(1).x, Ahead(x=1).y)
    assert init is Ahead.__init__
    assert ("self", "x", "y") == init.__code__.co_varnames
    with pytest.raises(TypeError):
        Mistaken(1, 2)


def test_each_instance_gets_its_own_made_default() -> None:
    made = [Counter() for _ in range(MANY)]
    made[0].seen.append(1)
    made[-1].seen.append(2)
    assert sum(len(one.seen) for one in made) == 2


@pytest.mark.parametrize("made_before", [0, MANY])
@pytest.mark.parametrize(
    "wrong",
    [
        lambda kind: kind(),
        lambda kind: kind(1, x=1),
        lambda kind: kind(1, z=1),
        lambda kind: kind(1, 2, {}, "", "n", 6),
        lambda kind: kind(y=1),
    ],
)
def test_wrong_arguments_are_a_type_error(wrong: Callable[[Callable[..., object]], object], made_before: int) -> None:
    @frozen
    class Local:
        x: int
        y: int = 0

    for number in range(made_before):
        Local(number)
    with pytest.raises(TypeError, match="__init__"):
        wrong(Local)


@pytest.mark.parametrize("count", range(18))
def test_there_may_be_any_number_of_fields(count: int) -> None:
    names = [f"field_{number}" for number in range(count)]
    kind: Callable[..., object] = frozen(type("Local", (), {"__annotations__": dict.fromkeys(names, "int")}))
    assert [getattr(kind(*range(count)), name) for name in names] == list(range(count))
    assert kind(**dict(zip(names, range(count), strict=True))) == kind(*range(count))
    with pytest.raises(TypeError, match=r"Local\.__init__\(\) takes"):
        kind(*range(count + 1))


def test_a_field_without_default_cannot_follow_one_with_a_default() -> None:
    @frozen
    class Local(Counted):
        name: str  # type: ignore[misc]  # the checker knows as well

    with pytest.raises(TypeError, match="field 'name' of Local has no default"):
        Local("x")  # type: ignore[arg-type, call-arg]


def test_values_are_equal_when_their_class_and_compared_fields_are() -> None:
    assert Point(1, names={"a": 1}) == Point(1, names={"b": 1})
    assert hash(Point(1, names={"a": 1})) == hash(Point(1))
    assert Point(1) != Point(1, secret="s")
    assert Point(1) != Named(1)
    assert Point(1) != object()
    assert Nothing() == Nothing()
    assert len({Nothing(), Nothing()}) == 1
    assert Single(1) != Single(1)
    assert len({Single(1), Single(1)}) == 2


def test_a_value_cannot_change() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="'x' of Point"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.other = 2  # type: ignore[attr-defined]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")


def test_what_is_mutable_changes_and_has_no_hash() -> None:
    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_a_repr_names_the_fields_that_may_be_shown() -> None:
    assert repr(Point(1, secret="s")) == "Point(x=1, y=0, names={})"
    assert members(Point(1, secret="s"), shown=True) == {"x": 1, "y": 0, "names": {}}
    assert members(Point(1, secret="s")) == {"x": 1, "y": 0, "names": {}, "secret": "s"}
    assert "x" not in repr(Quiet(1)).partition("object at")[0].rpartition(".")[2]


def test_a_copy_is_equal() -> None:
    for one in (Named(1, 2, {"a": 1}, "s", "n"), Told("x"), Box("y"), Nothing(), Counter(3, [1])):
        assert copy.copy(one) == one
        assert copy.deepcopy(one) == one
        assert pickle.loads(pickle.dumps(one)) == one


def test_some_fields_are_replaced() -> None:
    assert Point(1, secret="s").moved() == Point(2, secret="s")
    with pytest.raises(TypeError):
        replace(Point(1), z=2)  # type: ignore[call-arg]


def test_patterns_match_by_place() -> None:
    match Named(1, 2, {}, "s", "n"):
        case Named(x, y, _, secret, name):
            assert (x, y, secret, name) == (1, 2, "s", "n")
        case _:
            pytest.fail("no match")


def test_a_base_can_be_abstract() -> None:
    @frozen
    class Untold(Base):
        text: str

    assert isinstance(Told("x"), Base)
    assert not isinstance(Told("x"), Untold)
    with pytest.raises(TypeError, match="abstract"):
        Untold("x")  # type: ignore[abstract]


def test_what_is_computed_once_is_kept() -> None:
    one = Remembering(2)
    assert one.double == [4]
    assert one.double is one.double


def test_the_functions_of_dataclasses_understand_values() -> None:
    point = Point(1, secret="s")
    assert is_value(point)
    assert not is_value(1)
    assert dataclasses.is_dataclass(point)
    assert [one.name for one in dataclasses.fields(point)] == ["x", "y", "names", "secret"]
    assert [one.repr for one in dataclasses.fields(Point)] == [True, True, True, False]
    assert dataclasses.replace(point, x=3) == Point(3, secret="s")
    assert dataclasses.asdict(point) == members(point)
    assert dataclasses.fields(Point(1))[2].default_factory is dict


def test_a_method_that_would_not_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="__post_init__"):

        @frozen
        class _Checked:
            x: int

            def __post_init__(self) -> None: ...


def test_the_core_makes_its_values_without_the_standard_decorator() -> None:
    files = sorted(Path(chapbook_core.__file__).parent.rglob("*.py"))
    assert len(files) > 100
    # Each class made by the standard decorator costs every start half a millisecond: `chapbook_core.value` has both.
    slow = [file.name for file in files if "@dataclass" in file.read_text("utf-8") and file.name != "value.py"]
    assert slow == []
