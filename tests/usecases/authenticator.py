"""An authenticator in software, and the browser before it: they make passkeys and have them sign, as WebAuthn says."""

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.passkeys import relying_party
from chalicelib.domain.users import User
from chalicelib.runtime import runtime
from chalicelib.store import accounts
from chalicelib.usecases.passkey_answers import PasskeyAnswer, ask, ask_for_new
from chalicelib.usecases.passkeys import add_passkey
from tests.support import Vendor
from tests.usecases.people import PASSWORD, chosen

PRESENT, VERIFIED, MADE = 0x01, 0x04, 0x40
"""Flags: somebody was there, and was known by a finger or a PIN; and that a passkey comes with it."""
HOLDER = "the session that asks"


def portal_origin() -> str:
    """Where browsers see the portal."""
    party = relying_party(runtime().settings.portal_url)
    assert party is not None
    return party.origin


@dataclass
class Authenticator:
    """What its owner holds. Whatever it is told to do wrong stands in its fields."""

    origin: str = field(default_factory=portal_origin)
    """Of the page, as the browser says."""
    rp_id: str = ""
    """In the place of the one that is asked for."""
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    """Whether it counts its signatures."""
    count: int = 0
    cross_origin: bool = False
    algorithm: int = -7
    id_bytes: int = 16
    fixed_id: bytes = b""
    """In the place of one that is drawn."""
    keys: dict[bytes, ec.EllipticCurvePrivateKey] = field(default_factory=dict)

    def make(self, asked: str) -> str:
        """The answer to what `ask_for_new` asks: a passkey more."""
        wanted = json.loads(asked)
        id = self.fixed_id or secrets.token_bytes(self.id_bytes)
        key = ec.derive_private_key(1 + secrets.randbits(255), ec.SECP256R1())  # drawn where walks have their dice
        self.keys[id] = key
        credential = bytes(16) + struct.pack(">H", len(id)) + id + _cose(key, self.algorithm)
        data = self._data(wanted["rp"]["id"], MADE) + credential
        attestation = b"\xa3" + _text("fmt") + _text("none") + _text("attStmt") + b"\xa0" + _text("authData")
        response = {"attestationObject": _base64(attestation + _bytes(data))}
        return _credential(id, {"clientDataJSON": self._client("webauthn.create", wanted)} | response)

    def sign(self, asked: str) -> str:
        """The answer to what `ask` asks, of the latest of the passkeys that it names and are here."""
        wanted = json.loads(asked)
        named = [_unbase64(one["id"]) for one in wanted["allowCredentials"]]
        id = [known for known in self.keys if known in named][-1]
        return self.sign_with(id, wanted)

    def sign_with(self, id: bytes, wanted: dict[str, Any]) -> str:
        """The same, of this one."""
        client, data = self._client("webauthn.get", wanted), self._data(wanted["rpId"])
        signed = data + hashlib.sha256(_unbase64(client)).digest()
        signature = self.keys[id].sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        response = {"authenticatorData": _base64(data), "signature": _base64(signature)}
        return _credential(id, {"clientDataJSON": client} | response)

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        self.count += self.counts
        name = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return name + struct.pack(">BI", self.flags | more, self.count)

    def _client(self, type: str, wanted: dict[str, Any]) -> str:
        said = {"type": type, "challenge": wanted["challenge"], "origin": self.origin, "crossOrigin": self.cross_origin}
        return _base64(json.dumps(said).encode())


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Somebody with a passkey."""

    user: User
    authenticator: Authenticator
    recovery_codes: tuple[str, ...]

    def answer(self, holder: str, now: int) -> PasskeyAnswer:
        """What the passkey answers whom it is asked for."""
        return PasskeyAnswer(self.authenticator.sign(ask(self.user, holder, now=now)), holder)


def with_passkey(vendor: Vendor, email: str, authenticator: Authenticator | None = None) -> KeyHolder:
    """Add a passkey to an account, a second before the vendor's clock."""
    user, held, now = chosen(vendor, email), authenticator or Authenticator(), vendor.now - 1000
    answer = PasskeyAnswer(held.make(asked_for_new(user, now)), HOLDER)
    sent = (vendor.code, user.id, "Laptop", answer, PASSWORD, Actor(f"user:{email}"))
    changed, codes = add_passkey(*sent, epoch=user.session_epoch, now=now)
    return KeyHolder(changed, held, codes)


def asked_for_new(user: User, now: Instant, holder: str = HOLDER) -> str:
    """What the browser is asked that is to make a passkey."""
    company = accounts.read_company(user.company)
    assert company is not None
    return ask_for_new(user, company, holder, now=now)


def _credential(id: bytes, response: dict[str, str]) -> str:
    named = {"id": _base64(id), "rawId": _base64(id), "type": "public-key"}
    return json.dumps(named | {"response": response, "clientExtensionResults": {}})


def _cose(key: ec.EllipticCurvePrivateKey, algorithm: int) -> bytes:
    """The public key: of two coordinates (1: 2), by an algorithm (3), on P-256 (-1: 1), x (-2) and y (-3)."""
    at = key.public_key().public_numbers()
    x, y = at.x.to_bytes(32, "big"), at.y.to_bytes(32, "big")
    kind = b"\xa5\x01\x02\x03" + bytes([0x20 | (-1 - algorithm)]) + b"\x20\x01"
    return kind + b"\x21" + _bytes(x) + b"\x22" + _bytes(y)


def _text(text: str) -> bytes:
    """In CBOR, as are those below."""
    return bytes([0x60 | len(text)]) + text.encode()


def _bytes(content: bytes) -> bytes:
    return b"\x59" + struct.pack(">H", len(content)) + content


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")
