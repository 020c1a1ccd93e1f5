"""How a webhook is signed: by the convention of standardwebhooks.com, for which receivers have libraries."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from secrets import token_bytes

from chalicelib.domain.instants import Instant

_PREFIX = "whsec_"


def new_secret() -> str:
    """A secret for one endpoint: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + b64encode(token_bytes(32)).decode()


def signed_headers(id: str, secrets: Sequence[str], body: bytes, now: Instant) -> dict[str, str]:
    """The headers that prove a body: its id, the second of this try, and a signature by each of the secrets.

    A receiver takes any one: while a secret is replaced, that is the old one or the new.
    """
    timestamp = str(now // 1000)
    signed = f"{id}.{timestamp}.".encode() + body
    return {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    return b64encode(hmac.digest(key, signed, "sha256")).decode()
