"""Which proxy a request goes through, told by variables of the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chapbook_core.index.address import Login, Origin, split_login
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_PORTS = {"http": 80, "https": 443}


@frozen
class Proxy:
    """Where requests are sent instead of to their origin."""

    scheme: str
    host: str
    port: int
    login: Login | None = None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def proxy_for(origin: Origin, variables: Mapping[str, str]) -> Proxy | None:
    """Choose by `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; names in lower case win, as in curl."""
    text = _variable(variables, f"{origin.scheme}_proxy") or _variable(variables, "all_proxy")
    if not text or _is_excepted(origin, _variable(variables, "no_proxy")):
        return None
    url, login = split_login(text if "://" in text else f"http://{text}", "the proxy's URL")
    parts = urlsplit(url)
    if not parts.hostname:
        return None
    scheme = parts.scheme.lower()
    return Proxy(scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(scheme, 1080), login)


def _variable(variables: Mapping[str, str], name: str) -> str:
    # A CGI server puts a request's `Proxy:` header into HTTP_PROXY, so there the upper-case name cannot be trusted.
    upper = "" if name == "http_proxy" and "REQUEST_METHOD" in variables else variables.get(name.upper(), "")
    return variables.get(name, upper).strip()


def _is_excepted(origin: Origin, exceptions: str) -> bool:
    return any(_matches(origin, entry.strip().lower()) for entry in exceptions.split(",") if entry.strip())


def _matches(origin: Origin, entry: str) -> bool:
    if entry == "*":
        return True
    host, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        if int(port) != origin.port:
            return False
        entry = host
    entry = entry.strip("[]")
    if "/" in entry or ":" in entry or entry.replace(".", "").isdigit():
        return _in_network(origin.host, entry)
    suffix = entry.removeprefix("*").removeprefix(".")
    return origin.host == suffix or origin.host.endswith(f".{suffix}")


def _in_network(host: str, network: str) -> bool:
    # Imported here because few environments except addresses, and it costs some milliseconds.
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
