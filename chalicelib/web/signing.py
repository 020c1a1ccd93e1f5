"""Signatures of our answers: RSASSA-PKCS1-v1_5 with SHA-256, by the operator's key."""

import base64
from functools import cache, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from chalicelib.settings import SettingsError, secrets

MIN_KEY_BITS, MAX_KEY_BITS = 2048, 4096


def sign(body: bytes) -> str:
    """The signature of a body, as it stands in the header `LicenseSignature` (base64)."""
    return base64.b64encode(_private_key().sign(body, PKCS1v15(), SHA256())).decode()


@lru_cache(maxsize=8192)
def sign_license(hardware_id: str, ident: str, validity: str) -> str:
    """The field `license_signature` of a license object: who it was given to, and until when (base64).

    The padding is deterministic, so the same three always have the same signature and it may be remembered.
    """
    return sign(f"{hardware_id}#{ident}#{validity}".lower().encode())


@cache
def public_key_pem() -> str:
    """The key that our answers are verified with."""
    return _private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def _private_key() -> RSAPrivateKey:
    try:
        # The full check of an RSA key takes 35 ms of every cold start; one signature that verifies says as much.
        key = load_pem_private_key(secrets().signing_key.encode(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey) or not MIN_KEY_BITS <= key.key_size <= MAX_KEY_BITS:
            bits = f"{MIN_KEY_BITS} to {MAX_KEY_BITS} bits"
            raise SettingsError(f"The secrets are malformed: signing_key must be an RSA key of {bits}.")
        key.public_key().verify(key.sign(b"", PKCS1v15(), SHA256()), b"", PKCS1v15(), SHA256())
    except (ValueError, TypeError, InvalidSignature):
        raise SettingsError("The secrets are malformed: signing_key is no unencrypted private key in PEM.") from None
    return key
