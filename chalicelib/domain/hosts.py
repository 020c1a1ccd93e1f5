"""Names of hosts, as DNS and certificates know them: the domains of emails, and where a company has its portal."""

import re

from chalicelib.domain.errors import Invalid
from chalicelib.domain.pasted import composed, visible

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
"""Of two labels at least, the last of which is no number: no address of IPv4 is one."""
MAX_HOST = 253
"""Characters of a name in DNS."""


def ascii_domain(text: str) -> str:
    """The name, given in small letters, as servers know it: `xn--…` for what is not ASCII. Raises `ValueError`."""
    if (plain := visible(text)).isascii() and "xn--" not in plain:
        return plain
    from idna import encode  # noqa: PLC0415 - seldom needed, and 14 ms of a cold start

    return encode(text, uts46=True, std3_rules=True).decode()


def portal_host(text: str) -> str:
    """The stored form of a host where a company has its portal; empty means none. Raises `Invalid`."""
    typed = text.strip()
    try:
        host = ascii_domain(visible(composed(typed).lower(), joiners=True)) if len(typed) <= MAX_HOST else ""
    except ValueError:
        host = ""
    if typed and not (len(host) <= MAX_HOST and DOMAIN.fullmatch(host)):
        raise Invalid("portal_host_malformed", field="portal_host")
    return host


def requested_host(header: str) -> str:
    """The host that a request says it has come to, in stored form; empty for what can be no company's. Unproved."""
    host = header[: MAX_HOST + len(".:65535")].lower().partition(":")[0].removesuffix(".")
    return host if len(host) <= MAX_HOST and DOMAIN.fullmatch(host) else ""
