"""Signing keys for tests: made once a process, for each takes a tenth of a second."""

import base64
from collections.abc import Callable
from functools import cache

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_public_key

from chalicelib.settings import Secrets
from chalicelib.signing import Keyring, Signer, live_keys

DATA_KEY = base64.b64encode(bytes(range(32))).decode()


@cache
def pem(number: int) -> str:
    """The private key of this number."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def held(current: int, old: int | None = None, data_key: str = DATA_KEY) -> Secrets:
    """Secrets with the signing keys of these numbers."""
    return Secrets(signing_key=pem(current), old_signing_key=None if old is None else pem(old), data_key=data_key)


def keyring(first: Secrets, read: Callable[[], Secrets] | None = None) -> Keyring:
    """Of a process that has read these secrets first, and reads what `read` answers from then on."""
    stored = [first]
    made = Keyring(lambda: stored.pop() if stored else (read() if read else first), "file:secrets.json")
    assert made.live
    return made


@cache
def key(number: int) -> Signer:
    """The signer of this number, and so its id and public key."""
    return live_keys(held(number), "file:secrets.json")[0]


def verify(message: bytes, signature: str, public_key: str) -> None:
    """Raises `InvalidSignature` where this is not the signature of these bytes by this key."""
    loaded = load_pem_public_key(public_key.encode())
    assert isinstance(loaded, RSAPublicKey)
    loaded.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
