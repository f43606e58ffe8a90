"""The bundle: the code of our modules in one file, from which a process starts sooner than from hundreds.

Python keeps what each module is compiled to in a file of its own, looks for it along a path, and opens, measures and
reads it: a third of what an import of ours takes. The bundle lies beside those files, holds the same code, and is
believed nearly as they are: while the source of a module has the size and the times of change that it had. What it does
not hold, or holds no longer, Python imports as ever; the process that has met such modules writes them into it when it
is done.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType

    Sight = tuple[int, int, int]
    """Of a source: its time of change in nanoseconds, the one that nobody can set, and its size. Who installs another
    version removes what Python keeps, and knows nothing of the bundle: where all files are given one time, one of the
    same size would seem to be what it was."""
    Part = tuple[bool, str, Sight, int, int]
    """Of a module: whether it is a package, its source below our folder and the sight of that, and where in the file
    its code begins, and how long it is."""
    Entry = tuple[str, bool, str, Sight, bytes]
    """A name, the same of it, and its code."""

_PACKAGE = __name__.partition(".")[0]
_MARK = b"chapbook bundle 1\n"
_LENGTH = 8
"""Bytes that tell a length."""
_HEAD = len(_MARK) + _LENGTH
_KINDS = (bool, str, tuple, int, int)
"""What a part is made of."""


class Bundle:
    """What one file holds, as a finder of modules: Python asks it before it looks itself."""

    def __init__(self, root: str, file: str) -> None:
        """`root` is the folder of the modules."""
        self._root = root
        self._file = file
        self._before = frozenset(sys.modules)
        self._descriptor = -1
        self._start = 0
        self._parts: dict[str, Part] = {}
        with suppress(OSError):
            self._descriptor = os.open(file, os.O_RDONLY)
            self._read_head()

    def _read_head(self) -> None:
        head = os.pread(self._descriptor, _HEAD, 0)
        length = int.from_bytes(head[len(_MARK) :], "big")
        whole = os.stat(self._descriptor).st_size  # noqa: PTH116  what is open has no path
        if head[: len(_MARK)] != _MARK or len(head) != _HEAD or _HEAD + length > whole:
            return
        with suppress(ValueError, TypeError, EOFError):
            root, rest, parts = marshal.loads(os.pread(self._descriptor, length, _HEAD))  # noqa: S302  as in `_Loader`
            # Else it is another folder's, or was not written to its end, or is not of ours.
            if root == self._root and _HEAD + length + rest == whole and _are_parts(parts, rest):
                self._start, self._parts = _HEAD + length, parts

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: object = None) -> ModuleSpec | None:
        """Return how to import a module whose code is here; called by Python."""
        part = self._parts.get(name)
        if part is None:
            return None
        is_package, relative, sight, start, length = part
        source = self._root + relative
        if _sight(source) != sight:
            self.forget(name)
            return None
        spec = ModuleSpec(name, _Loader(name, source, self, start, length), origin=source, is_package=is_package)
        spec.has_location = True
        folder, _, file = source.rpartition("/")
        # As Python would find out in many more steps.
        spec.cached = f"{folder}/__pycache__/{file[:-3]}.{sys.implementation.cache_tag}.pyc"
        if is_package:
            spec.submodule_search_locations = [folder]
        return spec

    def forget(self, name: str) -> None:
        """Have the code of a module replaced when next somebody loads it from elsewhere."""
        self._parts.pop(name, None)

    def code(self, start: int, length: int) -> bytes:
        """Return what is at a place; raises OSError."""
        return os.pread(self._descriptor, length, self._start + start)

    def keep_loaded(self) -> None:
        """Write what this process has loaded from elsewhere into the file, unless there is nothing or nobody may."""
        known = self._before | self._parts.keys()
        loaded = {
            name: module
            for name, module in tuple(sys.modules.items())
            if name not in known and name.startswith(f"{_PACKAGE}.")
        }
        if not loaded or not os.access(os.path.dirname(self._file), os.W_OK):  # noqa: PTH120  paths would take longer
            return
        with suppress(OSError, ImportError, SyntaxError, ValueError):
            self._write([*self._present(), *self._compiled(loaded)])

    def _write(self, entries: Sequence[Entry]) -> None:
        parts: dict[str, Part] = {}
        length = 0
        for name, is_package, relative, sight, code in entries:
            parts[name] = (is_package, relative, sight, length, len(code))
            length += len(code)
        head = marshal.dumps((self._root, length, parts))
        codes = (code for *_, code in entries)
        _replace(self._file, (_MARK, len(head).to_bytes(_LENGTH, "big"), head, *codes))

    def _present(self) -> Iterator[Entry]:
        for name, (is_package, relative, sight, start, length) in tuple(self._parts.items()):
            if _sight(self._root + relative) == sight:
                yield name, is_package, relative, sight, self.code(start, length)

    def _compiled(self, modules: dict[str, ModuleType]) -> Iterator[Entry]:
        for name, module in modules.items():
            loader = getattr(module, "__loader__", None)
            source = getattr(module, "__file__", None) or ""
            if type(loader) is not SourceFileLoader or not source.startswith(self._root):
                continue
            sight, code = _sight(source), loader.get_code(name)
            # Else it has changed meanwhile.
            if sight is not None and code is not None and sight == _sight(source):
                yield name, hasattr(module, "__path__"), source[len(self._root) :], sight, marshal.dumps(code)


class _Loader(SourceFileLoader):
    """Loads one module as its source would be loaded, which is where everybody else finds it."""

    def __init__(self, name: str, source: str, bundle: Bundle, start: int, length: int) -> None:
        super().__init__(name, source)
        self._place = (bundle, start, length)

    def get_code(self, fullname: str) -> CodeType | None:
        """Return what there is to run; called by Python."""
        bundle, start, length = self._place
        try:
            # Whoever may write there may write what Python itself believes as much.
            code = marshal.loads(bundle.code(start, length))  # noqa: S302  the reason above
        except (OSError, ValueError, TypeError, EOFError):
            code = None
        if isinstance(code, CodeType):
            return code
        bundle.forget(fullname)
        return super().get_code(fullname)


def own_bundle() -> Bundle | None:
    """Let this process import our modules from the bundle; None where that cannot be, or Python is told otherwise."""
    import chapbook_core  # by now

    cached = getattr(chapbook_core, "__cached__", None)
    if (
        sys.implementation.name != "cpython"
        or sys.flags.optimize
        or sys.pycache_prefix
        or not cached
        or not hasattr(os, "pread")
        # What the caller has closed is opened in their places; no file of ours may come first.
        or None in (sys.stdin, sys.stdout, sys.stderr)
    ):
        return None
    folder, root = os.path.dirname(cached), os.path.dirname(chapbook_core.__file__)  # noqa: PTH120  as above
    # Of one Python alone: what another one compiles is different, and has a bundle of its own.
    bundle = Bundle(root, f"{folder}/{_PACKAGE}.{sys.implementation.cache_tag}-{sys.hexversion:x}.bundle")
    sys.meta_path.insert(0, bundle)
    return bundle


def _are_parts(found: object, most: int) -> bool:
    """Tell whether this is what we write of modules, whose code has that length in all."""
    # A sight is only compared. This is done at each start, for hundreds of them.
    return isinstance(found, dict) and all(
        type(part) is tuple and tuple(map(type, part)) == _KINDS and 0 <= part[3] <= part[3] + part[4] <= most
        for part in found.values()
    )


def _sight(file: str) -> Sight | None:
    try:
        found = os.stat(file)  # noqa: PTH116  as above
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _replace(file: str, parts: Iterable[bytes]) -> None:
    new = f"{file}.{os.getpid()}"
    try:
        with open(new, "xb") as writing:  # noqa: PTH123  as above
            writing.writelines(parts)
        os.replace(new, file)  # noqa: PTH105  as above
    except OSError:
        # Nobody needs it.
        with suppress(OSError):
            os.unlink(new)  # noqa: PTH108  as above
