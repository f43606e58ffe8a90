"""A certificate for loopback, signed by itself, made with the `openssl` program."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Validity = Literal["valid", "expired"]

_SPANS = {"valid": ("20200101000000Z", "20991231000000Z"), "expired": ("20200101000000Z", "20210101000000Z")}
_SETTINGS = """\
[ca]
default_ca = loopback
[loopback]
database = database
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = names
x509_extensions = extensions
[names]
commonName = supplied
[extensions]
subjectAltName = IP:127.0.0.1,DNS:localhost
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
"""


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


def make_certificate(validity: Validity) -> Certificate:
    """Make a certificate for `127.0.0.1` and `localhost`."""
    program = shutil.which("openssl")
    if program is None:
        raise NoOpenSsl("the program `openssl` is not installed")
    folder = Path(tempfile.mkdtemp(prefix="fake-index-"))
    (folder / "settings").write_text(_SETTINGS, encoding="ascii")
    (folder / "database").touch()
    begin, end = _SPANS[validity]
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    request = (program, "req", *curve, "-keyout", "key.pem", "-out", "request", "-subj", "/CN=localhost")
    sign = (program, "ca", "-batch", "-notext", "-config", "settings", "-selfsign", "-keyfile", "key.pem")
    span = ("-in", "request", "-out", "certificate.pem", "-startdate", begin, "-enddate", end)
    for command in (request, (*sign, *span)):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return Certificate(folder)
