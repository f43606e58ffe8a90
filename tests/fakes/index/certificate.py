"""A certificate for loopback, signed by itself, made with the `openssl` program."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost"


class NoOpenSsl(Exception):
    """This machine cannot make certificates; tests that need one skip."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key in a folder of their own."""

    folder: Path

    @property
    def path(self) -> Path:
        """The certificate, which clients must trust."""
        return self.folder / "certificate.pem"

    def context(self) -> ssl.SSLContext:
        """Return the server's side of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.folder / "key.pem")
        return context

    def remove(self) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder, ignore_errors=True)


def can_make_certificates() -> bool:
    """Return whether the `openssl` program is there."""
    return shutil.which("openssl") is not None


def make_certificate() -> Certificate:
    """Make a certificate that is valid for a day."""
    program = shutil.which("openssl")
    if program is None:
        raise NoOpenSsl("the program `openssl` is not installed")
    folder = Path(tempfile.mkdtemp(prefix="fake-index-"))
    subprocess.run(
        [
            *(program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", folder / "key.pem", "-out", folder / "certificate.pem", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", _NAMES),
        ],
        check=True,
        capture_output=True,
    )
    return Certificate(folder)
