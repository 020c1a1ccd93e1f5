"""Addresses of clients, as sockets and proxies write them."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?")


def read_address(text: str) -> str | None:
    """The IP address in its one form, of `1.2.3.4`, `1.2.3.4:5678`, `[2001:db8::1]:443`, `::ffff:1.2.3.4`; else None.

    What follows a `%` may be any text, and says something to the machine alone that wrote it: there is no address.
    """
    text = text.strip()
    with_port = _WITH_PORT.fullmatch(text)
    try:
        ip = _ip(with_port[1] or with_port[2] if with_port else text)
    except ValueError:
        return None
    return None if "%" in text else str(ip)


def forwarded_for(header: str, peer: str) -> str:
    """The address that the proxy itself has added to X-Forwarded-For, the last; `peer` where that is no address.

    Those before it are the client's own word.
    """
    return read_address(header.rpartition(",")[2]) or peer


def client_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 one, of which each subscriber has as many."""
    try:
        ip = _ip(address.partition("%")[0])
    except ValueError:
        return address
    return str(IPv6Address(int(ip) >> 64 << 64)) if isinstance(ip, IPv6Address) else str(ip)


def _ip(text: str) -> IPv4Address | IPv6Address:
    ip = ip_address(text)
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
