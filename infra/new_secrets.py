"""Secrets at random: what a machine or a stage begins with, and what a signing key is replaced by."""

import base64
import os
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SIGNING_KEY_BITS = 2048
"""A signature costs 0.24 ms of CPU at 2048 bits, 0.71 ms at 3072 and 1.46 ms at 4096: see docs/serving.md."""


def new_signing_key() -> str:
    """An RSA private key in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=SIGNING_KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def new_data_key() -> str:
    """32 bytes in base64."""
    return base64.b64encode(os.urandom(32)).decode()


NEW: dict[str, Callable[[], str]] = {"data_key": new_data_key, "signing_key": new_signing_key}
"""What nothing can be served without, by the names of the fields of `chalicelib.settings.Secrets`."""
