"""Forms that work once: a token in each holds off cross-site posts, double clicks and the back button alike.

A token is a nonce and a MAC of it, keyed by the secret of the browser's cookie and bound to the form's address. Another
site knows no such secret; a second sending of the same form is known by its nonce. No two tokens are equal, so a
compressed page tells nothing of the secret.
"""

import hmac
import secrets
from hashlib import sha256

FIELD = "form"


def new_token(secret: str, path: str) -> str:
    """A token for the form at `path`, in the browser that keeps `secret`."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_mac(secret, nonce, path)}"


def nonce_of(secret: str, path: str, token: str) -> str | None:
    """The nonce of a token that was made for this browser and address; None for any other."""
    nonce, _, mac = token.partition(".")
    return nonce if hmac.compare_digest(mac.encode(errors="replace"), _mac(secret, nonce, path).encode()) else None


def _mac(secret: str, nonce: str, path: str) -> str:
    return hmac.new(secret.encode(), f"{nonce} {path}".encode(errors="replace"), sha256).hexdigest()[:32]
