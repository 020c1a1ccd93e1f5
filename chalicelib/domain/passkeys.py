"""Passkeys (WebAuthn): what is kept of each, and for which address they are.

A passkey signs a challenge of ours, and its secret never comes to us. The signature itself is looked at in
`chalicelib.webauthn`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from urllib.parse import urlsplit

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import Instant
from chalicelib.domain.pasted import composed
from chalicelib.domain.types import Json

MAX_PASSKEYS = 10
"""So many an account has: all stand in its item, which each page reads."""
MAX_NAME = 60
MAX_STORED = 2_000
"""Characters of an id and a public key together. Most have 150; the longest id that there may be has 1,364."""
VALID_MS = 10 * 60_000
"""For so long a challenge may be answered: as long as a log-in waits for a second factor."""

_DEFAULT_PORTS: Mapping[str, str] = {"https": "443", "http": "80"}
_LONGEST_URL = 2_000
"""Browsers do not write them."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The address that passkeys are made for; a browser offers them at no other."""

    id: str
    """Its host."""
    origin: str
    """As browsers write it: `https://licenses.example`."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is kept of a passkey. Binary values are in base64url."""

    id: str
    """The authenticator's own name of it (credential id). Unique within an account: nobody is found by it."""
    public_key: str
    """In COSE."""
    name: str
    sign_count: int
    """What the authenticator has counted at its latest signature; 0: it counts nothing, as one that is synchronized."""
    created_at: Instant
    used_at: Instant | None = None

    @property
    def key(self) -> str:
        """What addresses of the portal call it."""
        return sha256(self.id.encode()).hexdigest()[:16]

    @property
    def text(self) -> str:
        """As it is stored, in a set of texts."""
        return json.dumps(asdict(self))


def passkeys_in(texts: Iterable[str]) -> list[Passkey]:
    """What such texts say, the oldest first. What newer code has added is let be."""
    given: list[Json] = [json.loads(text) for text in texts]
    known = Passkey.__dataclass_fields__
    read = [Passkey(**{name: value for name, value in one.items() if name in known}) for one in given]
    return sorted(read, key=lambda passkey: (passkey.created_at, passkey.id))


def relying_party(portal_url: str) -> RelyingParty | None:
    """Whom passkeys are made for, where people reach the portal there (`Settings.portal_url`); None where no browser
    lets a page have any: without TLS but on `localhost`, at an address of numbers, or with letters of another script
    that are not written as `xn--…`.
    """
    if len(portal_url) > _LONGEST_URL:  # no browser goes there, and taking it apart takes its time
        return None
    parts = urlsplit(portal_url.lower())
    host, _, port = parts.netloc.partition(":")
    if not host.isascii() or _is_number(host) or not (parts.scheme == "https" or _is_local(host)):
        return None
    written = f":{port}" if port not in ("", _DEFAULT_PORTS[parts.scheme]) else ""
    return RelyingParty(host, f"{parts.scheme}://{host}{written}")


def passkey_name(text: str) -> str:
    """A name that tells a person's passkeys apart, without white space around it. Raises `Invalid`."""
    name = composed(text.strip())
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise Invalid("name_length", field="name", most=MAX_NAME)
    return name


def used(passkey: Passkey, sign_count: int, now: Instant) -> Passkey:
    """The passkey once it has signed. Raises `Invalid` for a count that has not grown: there is a copy of the key."""
    if (sign_count or passkey.sign_count) and sign_count <= passkey.sign_count:
        raise wrong_passkey()
    return replace(passkey, sign_count=sign_count, used_at=now)


def wrong_passkey() -> Invalid:
    """What is said of an answer that is not good, whatever is wrong with it."""
    return Invalid("invalid_code", field="passkey", of="passkey")


def _is_number(host: str) -> bool:
    """An address of IPv4; of IPv6 what stands before the first colon."""
    return host.startswith("[") or host.replace(".", "").isdecimal()


def _is_local(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
