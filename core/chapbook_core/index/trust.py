"""Whom a TLS connection believes: certificate authorities, a client certificate, or, on demand, anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")


@frozen
class Trust:
    """What a source's settings say; everything empty means the system's trust store."""

    authorities: str = ""
    """A file of certificate authorities, or a folder of them."""
    client_certificate: str = ""
    """A file with our certificate and its key."""
    verify: bool = True
    found: str = ""
    """Where `authorities` was named, for the message when it cannot be read."""


class TrustUnreadable(Exception):
    """A certificate file that the settings name cannot be used."""


def trust_from(variables: Mapping[str, str]) -> Trust:
    """Take the authorities that the environment names; the system's store when it names none."""
    for name in _VARIABLES:
        if path := variables.get(name, ""):
            return Trust(authorities=path, found=name)
    if path := variables.get("SSL_CERT_DIR", ""):
        return Trust(authorities=path, found="SSL_CERT_DIR")
    return Trust()


def tls_context(trust: Trust) -> ssl.SSLContext:
    """Make the context of all connections with this trust."""
    # Imported here because it costs 15 ms, and commands that find everything in the cache connect to nothing.
    import ssl
    from pathlib import Path

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust.authorities:
        place = Path(trust.authorities)
        try:
            if place.is_dir():
                context.load_verify_locations(capath=str(place))
            else:
                context.load_verify_locations(cafile=str(place))
        except (OSError, ssl.SSLError) as problem:
            reason = problem.strerror or "it holds no certificate"
            raise TrustUnreadable(f"{trust.found or 'the settings'} names {place}: {reason}") from None
    else:
        context.load_default_certs()
    if trust.client_certificate:
        try:
            context.load_cert_chain(trust.client_certificate)
        except (OSError, ssl.SSLError) as problem:
            reason = problem.strerror or "it holds no certificate with its key"
            raise TrustUnreadable(f"the client certificate {trust.client_certificate}: {reason}") from None
    return context
