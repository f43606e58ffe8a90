"""An index in a process of its own, so that its work is not counted as ours."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOUSE = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class SeparateIndex:
    """A running index; it ends with the `with` block that began it."""

    url: str
    process: int
    """Its process number, for those who measure what it costs."""
    certificate: Path | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.url.removesuffix("/simple/")

    @property
    def counts(self) -> Counter[str]:
        """How many requests there were of each kind."""
        return self._control("counts")

    def reset_counts(self) -> Counter[str]:
        """Forget the requests so far, and return how many there were."""
        return self._control("reset")

    def change(self, **habits: str | float) -> None:
        """Change `latency_ms`, `max_age` or `dialect`."""
        named = {name.replace("_", "-"): value for name, value in habits.items()}
        self._control(f"set?{urllib.parse.urlencode(named)}")

    def _control(self, what: str) -> Counter[str]:
        # Loopback never goes through a proxy.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self.certificate is not None:
            context = ssl.create_default_context(cafile=self.certificate)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        with urllib.request.build_opener(*handlers).open(f"{self.origin}/-/{what}", timeout=300) as answer:
            return Counter(json.load(answer))


@contextmanager
def separate_index(*arguments: str) -> Iterator[SeparateIndex]:
    """Run `python -m tests.fakes.index` with arguments such as `--generated 300 --warm`."""
    command = [sys.executable, "-m", "tests.fakes.index", *arguments]
    with subprocess.Popen(command, cwd=_HOUSE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            if not url:
                raise RuntimeError(f"the index did not start: {' '.join(command)}")
            certificate = Path(process.stdout.readline().strip()) if url.startswith("https:") else None
            yield SeparateIndex(url, process.pid, certificate)
        finally:
            process.terminate()
