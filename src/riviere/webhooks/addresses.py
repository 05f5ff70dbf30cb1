"""Where webhooks may go: to public addresses over https, and never into the network that Riviere itself runs in.

Pure. A URL is checked when an endpoint is made; its addresses, once they are looked up, each time a connection is
opened (`sender.py`), because a name may be made to point elsewhere later.
"""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from riviere.errors import RiviereError

LONGEST_URL: Final = 2_000

#: Public by the registries, but a way to somewhere else: 6to4 and its relays, and documentation (RFC 9637).
_DETOURS_4: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
_DETOURS_6: Final = (IPv6Network("2001::/23"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))
#: All of IPv6 that is given out to the public; what embeds an IPv4 address (mapped, NAT64) lies outside.
_PUBLIC_6: Final = IPv6Network("2000::/3")


class BadUrl(RiviereError):
    """A webhook goes to an https URL with a host, at most 2,000 characters, without a password; {problem}."""

    code = "bad_webhook_url"


class InternalAddress(RiviereError):
    """Webhooks are not sent to {address}: it is not a public address."""

    code = "internal_address"


def check_url(url: str, *, allow_local: bool) -> str:
    """`url`, if it may be an endpoint's. `allow_local` admits plain http and this machine, for development.

    Raises BadUrl, and InternalAddress where the host is an address, however it is written, that `check` refuses.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as broken:
        raise BadUrl(problem=str(broken)) from None
    if parts.scheme not in (("https", "http") if allow_local else ("https",)):
        raise BadUrl(problem=f"this one begins with {parts.scheme[:20]!r}")
    if len(url) > LONGEST_URL or not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        raise BadUrl(problem="this one is too long or has characters that must be written %xx (a host: xn--)")
    if not host or port == 0 or "%" in host:
        raise BadUrl(problem="this one has no proper host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadUrl(problem="this one has a user, a password or a fragment (#)")
    literal = _literal(host)
    if literal is not None:
        check(literal, allow_local=allow_local)
    elif f".{host.rstrip('.')}".endswith(".localhost") and not allow_local:
        raise InternalAddress(address=host[:60])
    return url


def check(address: str, *, allow_local: bool) -> str:
    """`address`, if a webhook may go there. Raises InternalAddress."""
    ip = ip_address(address)
    if not (_public(ip) or (allow_local and ip.is_loopback)):
        raise InternalAddress(address=address)
    return address


def _public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv4Address):
        detour = any(ip in network for network in _DETOURS_4)
    else:
        detour = ip not in _PUBLIC_6 or any(ip in network for network in _DETOURS_6)
    return ip.is_global and not ip.is_multicast and not detour


def _literal(host: str) -> str | None:
    """The address that a host is, also in the forms that only old C libraries read: 2130706433, 0x7f.1, 0177.0.0.1."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None
