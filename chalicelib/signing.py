"""Signatures of our answers: RSASSA-PKCS1-v1_5 with SHA-256, by one of the operator's live keys.

An application pins the public key that it was built with. So an API key says from its creation on which signing key
its answers carry, and that key signs them as long as it lives, whichever is the current one by then. Never another
one: the application would take the answer for a forgery.
"""

import base64
import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from threading import Lock

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.instants import Instant
from chalicelib.once import Once
from chalicelib.settings import Secrets, SettingsError, secret_name

MIN_KEY_BITS, MAX_KEY_BITS = 2048, 4096
READ_AGAIN_MS = 60_000

_log = logging.getLogger("seatkeeper")


@dataclass(frozen=True, slots=True)
class Signer:
    """A live key, named by its id: the first 16 hex digits of SHA-256 of the public key (DER)."""

    id: str
    public_key: str = field(compare=False)
    """In PEM."""
    _private_key: RSAPrivateKey = field(compare=False, repr=False)

    def sign(self, body: bytes) -> str:
        """The signature of a body, as it stands in the header `LicenseSignature` (base64).

        The padding is deterministic, so the same bytes always have the same signature, and it is remembered: a device
        that checks its license again is answered the same body, unless it has sent a nonce.
        """
        return _signature(self._private_key, sha256(body).digest())


@lru_cache(maxsize=8192)  # some 6 MB
def _signature(key: RSAPrivateKey, digest: bytes) -> str:
    return base64.b64encode(key.sign(digest, PKCS1v15(), Prehashed(SHA256()))).decode()


def sign_license(signer: Signer, hardware_id: str, holder: str, validity: str) -> str:
    """The field `license_signature` of a license object: who it was given to, and until when (base64)."""
    return signer.sign(f"{hardware_id}#{holder}#{validity}".lower().encode())


def live_keys(held: Secrets, address: str) -> tuple[Signer, ...]:
    """The signers that secrets hold, the current one first. Raises `SettingsError` where one of them cannot sign.

    `address`: where the secrets are kept, for the sentence that says which of them is wrong.
    """
    keys = {"signing_key": held.signing_key, "old_signing_key": held.old_signing_key}
    # In the midst of a rotation the old key may be the current one, too.
    signers = (_signer(secret_name(address, name), pem) for name, pem in keys.items() if pem is not None)
    return tuple(dict.fromkeys(signers))


class Keyring:
    """The keys of a stage as a process knows them, read by `read` when they are first needed. Safe for threads.

    A process that lives on after a rotation meets API keys of a signing key that it has never heard of. It then reads
    the secrets anew, at most once a minute: nobody makes us ask the secret store with every call.
    """

    def __init__(self, read: Callable[[], Secrets], address: str) -> None:
        self._read, self._address = read, address
        self._first = Once(read)
        self._first_live = Once(lambda: live_keys(self._first(), address))
        self._data_key = Once(lambda: base64.b64decode(self._first().data_key))
        self._cipher = Once(lambda: AESGCM(self.data_key))
        self._sealer = Once(lambda: AESSIV(hmac.digest(self.data_key, b"seal", "sha256")))
        self._newer: tuple[Signer, ...] | None = None
        self._read_at: Instant | None = None
        self._lock = Lock()

    @property
    def live(self) -> tuple[Signer, ...]:
        """The signers by which answers are signed, the current one first. Raises `SettingsError`."""
        return self._newer or self._first_live()

    @property
    def current(self) -> Signer:
        """The signer of public answers, and of those to the API keys that are made now. Raises `SettingsError`."""
        return self.live[0]

    @property
    def data_key(self) -> bytes:
        """32 bytes, by which secrets are encrypted at rest (`chalicelib.encryption`). Raises `SettingsError`."""
        return self._data_key()

    @property
    def cipher(self) -> AESGCM:
        """AES-256-GCM by the data key. Raises `SettingsError`."""
        return self._cipher()

    @property
    def sealer(self) -> AESSIV:
        """AES-128-SIV by a key of its own, which follows from the data key. Raises `SettingsError`."""
        return self._sealer()

    def public_keys(self, now: Instant) -> str:
        """The public halves of all live keys in PEM, the current one first: who reads one block reads that.

        Read again, for a process that has met no API key of a new signing key knows nothing of a rotation.
        """
        self._read_again(now)
        return "".join(live.public_key for live in self.live)

    def signer(self, key_id: str | None, now: Instant) -> Signer:
        """The signer of answers to an API key that names this signing key. Raises `Unavailable`.

        An API key from before the first rotation names none: it is of the oldest.
        """
        if key_id is None:
            return self.live[-1]
        found = self._find(key_id)
        if found is None:
            self._read_again(now)
            found = self._find(key_id)
        if found is None:
            raise Unavailable("signing_key_unknown", key=key_id)  # as far as this process can know
        return found

    def _find(self, key_id: str) -> Signer | None:
        return next((live for live in self.live if live.id == key_id), None)

    def _read_again(self, now: Instant) -> None:
        with self._lock:
            if self._read_at is not None and 0 <= now - self._read_at < READ_AGAIN_MS:
                return
            self._read_at = now
            try:
                self._newer = live_keys(self._read(), self._address)
            except SettingsError as error:  # what is known goes on signing
                _log.error("The secrets were to be read again: %s", error)


def _signer(name: str, pem: str) -> Signer:
    try:
        # The full check of an RSA key takes 35 ms of every cold start; one signature that verifies says as much.
        key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey) or not MIN_KEY_BITS <= key.key_size <= MAX_KEY_BITS:
            bits = f"{MIN_KEY_BITS} to {MAX_KEY_BITS} bits"
            raise SettingsError(f"The secrets are malformed: {name} must be an RSA key of {bits}.")
        key.public_key().verify(key.sign(b"", PKCS1v15(), SHA256()), b"", PKCS1v15(), SHA256())
    except (ValueError, TypeError, InvalidSignature):
        raise SettingsError(f"The secrets are malformed: {name} is no unencrypted private key in PEM.") from None
    public, form = key.public_key(), PublicFormat.SubjectPublicKeyInfo
    key_id = sha256(public.public_bytes(Encoding.DER, form)).hexdigest()[:16]
    return Signer(key_id, public.public_bytes(Encoding.PEM, form).decode(), key)
