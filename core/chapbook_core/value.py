"""Values with slots, whose classes cost next to nothing to make.

`@frozen` stands for `@dataclass(frozen=True, slots=True)`. The standard decorator writes and compiles the methods of a
class while its module is imported: half of the time of a short command, for methods of which most are never called.
Here they are shared functions, and `__init__` is one that is compiled with this module, under other names.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar, cast, dataclass_transform, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import Field, field, replace
    from types import FunctionType

    Setter = Callable[[object, object], None]

__all__ = ["field", "frozen", "is_value", "make_ahead", "members", "mutable", "replace"]
T = TypeVar("T")
_MISSING = object()
"""Stands for a default where there is none."""


class _Field:
    """What `field(...)` says of one field; the words are those of `dataclasses.field`."""

    __slots__ = ("compare", "default", "default_factory", "repr")

    def __init__(
        self,
        *,
        default: object = _MISSING,
        default_factory: Callable[[], object] | None = None,
        repr: bool = True,  # noqa: A002  the word of `dataclasses.field`
        compare: bool = True,
    ) -> None:
        self.default = default
        self.default_factory = default_factory
        self.repr = repr
        self.compare = compare

    def made(self) -> object:
        """Return the default for one more instance, or `_MISSING`."""
        return self.default if self.default_factory is None else self.default_factory()


_PLAIN = _Field()

if not TYPE_CHECKING:
    # Type checkers see those of `dataclasses`, and check the names and types of what is given.
    field = _Field

    def replace(one: T, /, **changes: object) -> T:
        """Return the value with some fields changed."""
        for name in type(one).__match_args__:
            if name not in changes:
                changes[name] = getattr(one, name)
        return type(one)(**changes)


class _DataclassFields:
    """Makes `dataclasses.fields`, `replace` and `is_dataclass` understand a value, by a twin made when they ask."""

    __slots__ = ()

    def __get__(self, instance: object, kind: type) -> dict[str, Field[object]]:
        # Imported by those who ask only: it brings `inspect`, and takes as long as ten of our modules.
        import dataclasses

        told = []
        for name, one in _fields_of(kind).items():
            default = {} if one.default is _MISSING else {"default": one.default}
            factory = {} if one.default_factory is None else {"default_factory": one.default_factory}
            told.append((name, object, dataclasses.field(repr=one.repr, compare=one.compare, **default, **factory)))  # type: ignore[call-overload]  # at most one of the two is there
        fields = {one.name: one for one in dataclasses.fields(dataclasses.make_dataclass(kind.__name__, told))}
        # Whoever asks once asks again and again.
        kind.__dataclass_fields__ = fields  # type: ignore[attr-defined]  # in the place of this
        return fields


_DATACLASS_FIELDS = _DataclassFields()


def is_value(one: object) -> bool:
    """Tell whether it is an instance of a class made here."""
    return hasattr(type(one), "__value_fields__")


def members(one: object, *, shown: bool = False) -> dict[str, object]:
    """Return what a value holds, by the names of its fields; with `shown` what its `repr` shows."""
    return {name: getattr(one, name) for name, its in _fields_of(type(one)).items() if its.repr or not shown}


@overload
def frozen(kind: type[T], /) -> type[T]: ...
@overload
def frozen(*, eq: bool = True, repr: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[T] | None = None, /, *, eq: bool = True, repr: bool = True) -> object:  # noqa: A002  as above
    """Make a class of values of one whose annotations name the fields, as `dataclass(frozen=True, slots=True)` does.

    Every field is a parameter and there is no `__post_init__`. A `cached_property` may be among the members.
    """
    if kind is None:
        return lambda its: _made(its, eq=eq, shown=repr, changes=False)
    return _made(kind, eq=eq, shown=repr, changes=False)


@overload
def mutable(kind: type[T], /) -> type[T]: ...
@overload
def mutable(*, eq: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(field_specifiers=(field,))
def mutable(kind: type[T] | None = None, /, *, eq: bool = True) -> object:
    """Make a class of what changes while it is worked on, as `dataclass(slots=True)` does."""
    if kind is None:
        return lambda its: _made(its, eq=eq, shown=True, changes=True)
    return _made(kind, eq=eq, shown=True, changes=True)


def _made(kind: type[T], *, eq: bool, shown: bool, changes: bool) -> type[T]:
    content = dict(kind.__dict__)
    if "__post_init__" in content:
        raise TypeError(f"{kind.__name__} has a `__post_init__`, which would not be called")
    fields: dict[str, _Field] = {}
    for base in kind.__mro__[-2:0:-1]:
        fields.update(base.__dict__.get("__value_fields__", ()))
    own = []
    for name, annotation in content.get("__annotations__", {}).items():
        if annotation.startswith("ClassVar"):
            continue
        own.append(name)
        default = content.pop(name, _MISSING)
        if default is _MISSING:
            fields[name] = _PLAIN
        else:
            fields[name] = default if type(default) is _Field else _Field(default=default)
    content.pop("__dict__", None)
    content.pop("__weakref__", None)
    if cached_property in map(type, content.values()):
        own.append("__dict__")
    content["__slots__"] = own
    content["__value_fields__"] = fields
    content["__match_args__"] = tuple(fields)
    content["__dataclass_fields__"] = _DATACLASS_FIELDS
    content["__reduce__"] = _reduced
    if shown:
        content.setdefault("__repr__", _represented)
    if eq and "__eq__" not in content:
        _give_equality(content, [name for name, one in fields.items() if one.compare])
    if changes:
        content["__hash__"] = None if eq else object.__hash__
    else:
        content["__setattr__"] = content["__delattr__"] = _refuse_change
    owner: list[type] = []
    content.setdefault("__init__", _first_init(owner, fields))
    make: Callable[..., type[T]] = type(kind)
    made = make(kind.__name__, kind.__bases__, content)
    owner.append(made)
    return made


_standing: list[tuple[Callable[..., None], list[type], Mapping[str, _Field]]] = []
"""What stands for the `__init__` of classes that nobody asked to be made ahead."""


def make_ahead() -> None:
    """Make what the first instance of each class there is would make; an engine has time for that."""
    while _standing:
        first, owner, fields = _standing.pop()
        for kind in owner:
            if kind.__dict__["__init__"] is first:
                with suppress(TypeError):  # told by the first instance
                    _give_init(kind, fields)


def _fields_of(kind: type) -> Mapping[str, _Field]:
    fields: Mapping[str, _Field] = kind.__value_fields__  # type: ignore[attr-defined]  # every value has it
    return fields


def _first_init(owner: list[type], fields: Mapping[str, _Field]) -> Callable[..., None]:
    """Return what stands for `__init__` until there is an instance; most classes that a command loads make none."""

    def __init__(self: object, *given: object, **named: object) -> None:  # noqa: N807  it becomes the method
        _give_init(owner[0], fields)
        owner[0].__init__(self, *given, **named)  # type: ignore[misc]  # the one just given

    _standing.append((__init__, owner, fields))
    return __init__


# For each number of fields a function of their setters. These return nothing, so that `or` goes on to the next one.
_TEMPLATES: tuple[Callable[..., object], ...] = (
    lambda: lambda s: None,  # noqa: ARG005  it becomes the method
    lambda a: lambda s, u: a(s, u),  # noqa: PLW0108  it gets a name
    lambda a, b: lambda s, u, v: a(s, u) or b(s, v),
    lambda a, b, c: lambda s, u, v, w: a(s, u) or b(s, v) or c(s, w),
    lambda a, b, c, d: lambda s, u, v, w, x: a(s, u) or b(s, v) or c(s, w) or d(s, x),
    lambda a, b, c, d, e: lambda s, u, v, w, x, y: a(s, u) or b(s, v) or c(s, w) or d(s, x) or e(s, y),
    lambda a, b, c, d, e, f: lambda s, u, v, w, x, y, z: a(s, u) or b(s, v) or c(s, w) or d(s, x) or e(s, y) or f(s, z),
    lambda a, b, c, d, e, f, g: (
        lambda s, k, m, n, o, p, q, r: a(s, k) or b(s, m) or c(s, n) or d(s, o) or e(s, p) or f(s, q) or g(s, r)
    ),
    lambda a, b, c, d, e, f, g, h: (
        lambda s, k, m, n, o, p, q, r, t: (
            a(s, k) or b(s, m) or c(s, n) or d(s, o) or e(s, p) or f(s, q) or g(s, r) or h(s, t)
        )
    ),
    lambda a, b, c, d, e, f, g, h, i: (
        lambda s, k, m, n, o, p, q, r, t, u: (
            a(s, k) or b(s, m) or c(s, n) or d(s, o) or e(s, p) or f(s, q) or g(s, r) or h(s, t) or i(s, u)
        )
    ),
    lambda a, b, c, d, e, f, g, h, i, j: (
        lambda s, k, m, n, o, p, q, r, t, u, v: (
            a(s, k) or b(s, m) or c(s, n) or d(s, o) or e(s, p) or f(s, q) or g(s, r) or h(s, t) or i(s, u) or j(s, v)
        )
    ),
)


@lru_cache(maxsize=64)
def _template(count: int) -> Callable[..., FunctionType]:
    """Return the same for any number of fields."""
    if count < len(_TEMPLATES):
        return cast("Callable[..., FunctionType]", _TEMPLATES[count])
    numbers = range(count)
    setters, items = (", ".join(f"{letter}{number}" for number in numbers) for letter in "au")
    steps = " or ".join(f"a{number}(s, u{number})" for number in numbers)
    made: Callable[..., FunctionType] = eval(f"lambda {setters}: lambda s, {items}: {steps}")  # noqa: S307  numbers
    return made


def _setting_made(setter: Setter, make: Callable[[], object]) -> Setter:
    return lambda self, item: setter(self, make() if item is _MISSING else item)


def _give_init(kind: type, fields: Mapping[str, _Field]) -> None:
    """Give the class an `__init__` of its own, which has the names of the fields for its parameters."""
    setters, defaults = [], []
    for name, one in fields.items():
        setter = getattr(kind, name).__set__
        if one.default_factory is not None:
            setters.append(_setting_made(setter, one.default_factory))
            defaults.append(_MISSING)
            continue
        setters.append(setter)
        if one.default is not _MISSING:
            defaults.append(one.default)
        elif defaults:
            raise TypeError(f"field {name!r} of {kind.__name__} has no default, and one before it has")
    init = _template(len(setters))(*setters)
    init.__code__ = init.__code__.replace(
        co_name="__init__", co_qualname=f"{kind.__qualname__}.__init__", co_varnames=("self", *fields)
    )
    init.__name__, init.__qualname__ = "__init__", f"{kind.__qualname__}.__init__"
    init.__defaults__ = tuple(defaults)
    kind.__init__ = init  # type: ignore[misc]  # as a decorator does


def _give_equality(content: dict[str, object], compared: list[str]) -> None:
    if not compared:
        content["__eq__"] = lambda self, other: True if self.__class__ is other.__class__ else NotImplemented
        content["__hash__"] = lambda self: hash(self.__class__)
        return
    key = attrgetter(*compared)

    def __eq__(self: object, other: object) -> bool:  # noqa: N807  it becomes the method
        if self.__class__ is not other.__class__:
            return NotImplemented
        return bool(key(self) == key(other))

    def __hash__(self: object) -> int:  # noqa: N807  it becomes the method
        return hash(key(self))

    content["__eq__"] = __eq__
    if content.get("__hash__") is None:
        content["__hash__"] = __hash__


def _represented(self: object) -> str:
    shown = ", ".join(f"{name}={item!r}" for name, item in members(self, shown=True).items())
    return f"{type(self).__qualname__}({shown})"


def _refuse_change(self: object, name: str, _item: object = None) -> None:
    # Raised in tests at most; see above for what it brings.
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__name__}")


def _reduced(self: object) -> tuple[type, tuple[object, ...]]:
    return type(self), tuple(members(self).values())
