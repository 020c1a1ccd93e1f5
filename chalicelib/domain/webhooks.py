"""Webhooks: which addresses they may go to, and what comes of one that is sent."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

from chalicelib.domain.errors import Invalid

MAX_URL = 1024
"""Characters of an endpoint's address."""
SECONDS = 10
"""Within which a webhook is looked up, connected, sent and answered: all in all."""
MAX_ANSWER = 64 * 1024
"""Bytes that are read of an answer, its head among them."""
MAX_EXCERPT = 1024
"""Bytes of an answer's text that are kept, in UTF-8."""

IpAddress = IPv4Address | IPv6Address
Failure = Literal[
    "refused_address",  # it is not public, or none that this server sends to
    "not_resolved",  # there is no address of that name
    "no_connection",
    "tls",  # the certificate is another one's, or nobody's who is trusted; or there is no TLS
    "timeout",  # whatever took the time
    "broken_off",  # the connection ended before the answer did
    "malformed_answer",  # it is not HTTP
    "too_much",  # the head of the answer has no end
    "redirected",  # which is not followed
    "not_taken",  # Amazon EventBridge has answered, and not taken the event
]
"""Why a webhook was not delivered, where it is not the receiver's status that says it."""

_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*+(?=[a-z]){_LABEL}")
"""Of a host. The last label begins with a letter, so none is read as a number: `127.1`, `0x7f000001`."""
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]++|\[[0-9a-f:.]++\])(?::(?P<port>[0-9]{1,5}))?(?P<target>[/?][!\"$-~]*+)?",
    re.IGNORECASE | re.ASCII,
)
_EVENT_BUS = re.compile(
    r"eventbridge:(?P<bus>(?:arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[A-Za-z0-9._/-]{1,256})"
)
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
"""IANA's special-purpose addresses and multicast, among IPv4 and `_GLOBAL_IPV6`: private, loopback, link-local (where
clouds keep their metadata), shared, documentation, benchmarks, 6to4, Teredo, reserved. A list of our own: Python's
`is_global` differs from release to release, and calls multicast global."""
_GLOBAL_IPV6 = ip_network("2000::/3")
"""Outside it lie loopback, ULA, link-local, multicast, and IPv4 in disguise: mapped, translated (NAT64)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of sending a webhook once."""

    status: int | None
    """Of HTTP; None: there was no answer, or none with a status."""
    excerpt: str
    """How the answer begins, safe to show: at most `MAX_EXCERPT` bytes."""
    error: Failure | None

    @property
    def ok(self) -> bool:
        """Whether the receiver has taken it: 2xx, and an answer that came whole, as far as it is read."""
        return self.error is None and self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """The parts of a URL."""

    scheme: str
    host: str
    """A name or an IP address, in small letters, without brackets."""
    port: int
    target: str
    """Path and query, as a request line has them."""

    @property
    def is_encrypted(self) -> bool:
        """Whether it is reached by TLS."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port, as a URL and the header `Host` have them: without the port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_encrypted else 80) else f"{host}:{self.port}"


def checked_url(url: str, may_be_private: bool) -> str:
    """The address of an endpoint in the form in which it is stored. Raises `Invalid`, at the field `url`.

    `https://receiver.example/path`, in ASCII, or `eventbridge:` with the name or the ARN of an event bus. With
    `may_be_private` also `http`, names of one word, and addresses that only this network knows; without it the name is
    looked up anew by each connection, and what it then leads to has to be public as well.
    """
    text = url.strip()
    if len(text) > MAX_URL:
        raise Invalid("text_too_long", field="url", most=MAX_URL)
    if event_bus(text):
        return text
    address = http_address(text)
    if not (may_be_private or address.is_encrypted):
        raise Invalid("url_not_encrypted", field="url")
    if not (may_be_private or _may_be_public(address.host)):
        raise Invalid("url_not_public", field="url", host=address.host)
    return f"{address.scheme}://{address.authority}{address.target}"


def http_address(url: str) -> HttpAddress:
    """The parts of a URL. Raises `Invalid` where it is none, or has more: credentials, a fragment."""
    match = _URL.fullmatch(url)
    if not match:
        raise Invalid("url_malformed", field="url")
    scheme, host, target = match["scheme"].lower(), match["host"].lower().strip("[]"), match["target"] or "/"
    port = int(match["port"] or (443 if scheme == "https" else 80))
    if not 1 <= port <= 65_535 or not (_NAME.fullmatch(host) or literal_address(host)):
        raise Invalid("url_malformed", field="url")
    return HttpAddress(scheme, host, port, target if target.startswith("/") else f"/{target}")


def without_path(url: str) -> str:
    """Of an address what may be shown to others: a path, or a query, is often a secret of the receiver."""
    if event_bus(url):
        return url
    address = http_address(url)
    return f"{address.scheme}://{address.authority}"


def event_bus(url: str) -> str | None:
    """The name or the ARN of the event bus that an address leads to; None: it is no `eventbridge:`."""
    match = _EVENT_BUS.fullmatch(url)
    return match["bus"] if match else None


def literal_address(host: str) -> IpAddress | None:
    """The IP address that a host is; None: it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: IpAddress) -> bool:
    """Whether it is one host of the whole Internet."""
    if address.version == 6 and address not in _GLOBAL_IPV6:
        return False
    return not any(address in network for network in _SPECIAL)


def _may_be_public(host: str) -> bool:
    address = literal_address(host)
    return "." in host if address is None else is_public(address)
