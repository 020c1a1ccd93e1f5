"""Encryption: secrets that must be read again are stored encrypted, bound to the item that they belong to.

One key serves encryption (AES-256-GCM) and keyed hashes (HMAC-SHA-256): what the one puts out is of no help against the
other, and in each the context keeps purposes apart. A key derived for each of them (HKDF) was weighed and left out:
whoever has one has the data key, which every process holds, and hashes are keys of items and stand in cookies, so that
with the release that changes them codes on their way would fail, failures count anew and known browsers be strangers.

Nonces are random, which is safe for 2**32 encryptions under one key (NIST SP 800-38D, 8.3): as many log-ins and mails.
What is given out with every page of a list is sealed instead (AES-SIV, RFC 5297), which takes no nonce.
"""

import base64
import hmac
import os
from hashlib import sha256

from chalicelib.runtime import runtime

_NONCE_BYTES = 12


def encrypt(text: str, context: str) -> str:
    """Encrypt (AES-256-GCM). The same `context` is needed to decrypt, so a text moved to another item does not open."""
    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce + runtime().keyring.cipher.encrypt(nonce, text.encode(), context.encode())).decode()


def seal(text: str, context: str) -> bytes:
    """Encrypt what is given out: only the same `context` opens it. The same text is sealed alike (AES-SIV)."""
    return runtime().keyring.sealer.encrypt(text.encode(), [context.encode()])


def unseal(sealed: bytes, context: str) -> str:
    """Read it. Raises `cryptography.exceptions.InvalidTag` for what was not sealed so."""
    return runtime().keyring.sealer.decrypt(sealed, [context.encode()]).decode()


def hmac_sha256(text: str, context: str) -> str:
    """A hash that nobody can make or try out without the data key (HMAC-SHA-256): for what is short enough to guess."""
    payload = f"{context}\0{text}".encode(errors="surrogatepass")
    return hmac.new(runtime().keyring.data_key, payload, sha256).hexdigest()


def decrypt(encrypted: str, context: str) -> str:
    """Decrypt. Raises `cryptography.exceptions.InvalidTag` where key, context or text do not belong together."""
    raw = base64.b64decode(encrypted)
    return runtime().keyring.cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()).decode()
