"""Values with slots, whose classes cost next to nothing to make.

`@frozen` stands for `@dataclass(frozen=True, slots=True)`. The standard decorator writes and compiles the methods of a
class while its module is imported: half of the time of a short command, for methods of which most are never called.
Here they are shared functions, and `__init__` alone is compiled, for a class that turns out to be used often.
"""

from __future__ import annotations

from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import Field, field, replace

__all__ = ["field", "frozen", "is_value", "members", "mutable", "replace"]
T = TypeVar("T")
_COMPILED_AFTER = 64
"""How many instances a class makes without a compiled `__init__`: compiling costs as much as that many spare."""
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


def _fields_of(kind: type) -> Mapping[str, _Field]:
    fields: Mapping[str, _Field] = kind.__value_fields__  # type: ignore[attr-defined]  # every value has it
    return fields


def _first_init(owner: list[type], fields: Mapping[str, _Field]) -> Callable[..., None]:
    """Return what stands for `__init__` until there is an instance; most classes that a command loads make none."""

    def __init__(self: object, *given: object, **named: object) -> None:  # noqa: N807  it becomes the method
        _give_init(owner[0], fields)
        owner[0].__init__(self, *given, **named)  # type: ignore[misc]  # the one just given

    return __init__


def _give_init(kind: type, fields: Mapping[str, _Field]) -> None:
    """Give the class an `__init__` that sets the fields one by one, until it is worth compiling one."""
    setters = [getattr(kind, name).__set__ for name in fields]
    steps = [(name, one, setter) for (name, one), setter in zip(fields.items(), setters, strict=True)]
    left = _COMPILED_AFTER

    def __init__(self: object, *given: object, **named: object) -> None:  # noqa: N807  it becomes the method
        nonlocal left
        left -= 1
        count = len(given)
        if left >= 0 and count <= len(steps):
            for setter, item in zip(setters, given, strict=False):
                setter(self, item)
            for name, one, setter in steps[count:]:
                if name in named:
                    setter(self, named[name])
                    count += 1
                elif (item := one.made()) is not _MISSING:
                    setter(self, item)
                else:
                    break
            else:
                if count == len(given) + len(named):
                    return
        # The compiled one tells what is wrong with the arguments, if anything is.
        _compile_init(kind, fields, setters)
        kind.__init__(self, *given, **named)  # type: ignore[misc]  # the one just compiled

    kind.__init__ = __init__  # type: ignore[misc]  # as a decorator does


def _compile_init(kind: type, fields: Mapping[str, _Field], setters: list[Callable[[object, object], None]]) -> None:
    names: dict[str, object] = {"_MISSING": _MISSING}
    parameters, body = ["self"], []
    for place, (name, one) in enumerate(fields.items()):
        names[f"_set_{place}"] = setters[place]
        item = name
        if one.default_factory is not None:
            names[f"_make_{place}"] = one.default_factory
            parameters.append(f"{name}=_MISSING")
            item = f"_make_{place}() if {name} is _MISSING else {name}"
        elif one.default is not _MISSING:
            names[f"_default_{place}"] = one.default
            parameters.append(f"{name}=_default_{place}")
        else:
            parameters.append(name)
        body.append(f" _set_{place}(self, {item})")
    text = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(body) or " pass")
    exec(text, names)  # noqa: S102  the names are those of the class's own annotations
    made = names["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"  # type: ignore[attr-defined]  # a function
    kind.__init__ = made  # type: ignore[misc]  # as a decorator does


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
