"""WebAuthn, by Yubico's library fido2: what a browser is asked, and whether a passkey has answered.

The library is imported when the first passkey is asked for, and not with the app. Who has made an authenticator is not
asked (attestation): any that its owner trusts is good. Asked and answered is in JSON, as browsers write it.
"""

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm

from chalicelib.domain.passkeys import RelyingParty

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestedCredentialData, PublicKeyCredentialDescriptor

ALGORITHMS = (-7, -8, -257)
"""ES256, EdDSA, RS256, the best first: one of them every authenticator has."""
MAX_ANSWER = 16_000
"""Characters. Most have 1,000; some send with a new passkey, unasked, who has made the authenticator."""


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that was made; `id` and `public_key` (COSE) in base64url."""

    id: str
    public_key: str
    sign_count: int


def to_make(party: RelyingParty, company: str, handle: bytes, email: str, challenge: str, has: Iterable[str]) -> str:
    """What a browser is asked that is to make a passkey (PublicKeyCredentialCreationOptionsJSON).

    `company` and `email`: what it shows. `handle`: whose it is; it tells nobody who that is. `has`: the ids of those
    that the person has, no authenticator makes another one.
    """
    from fido2 import webauthn  # noqa: PLC0415 - see above

    server = _server(party, company)
    user = webauthn.PublicKeyCredentialUserEntity(id=handle, name=email, display_name=email)
    options, _ = server.register_begin(
        user,
        [_descriptor(id) for id in has],
        resident_key_requirement=webauthn.ResidentKeyRequirement.PREFERRED,
        user_verification=webauthn.UserVerificationRequirement.PREFERRED,
        challenge=challenge.encode(),
    )
    return json.dumps(dict(options.public_key))


def to_sign(party: RelyingParty, challenge: str, has: Iterable[str]) -> str:
    """What a browser is asked that is to have a passkey sign (PublicKeyCredentialRequestOptionsJSON)."""
    from fido2.webauthn import UserVerificationRequirement  # noqa: PLC0415 - see above

    preferred = UserVerificationRequirement.PREFERRED
    descriptors = [_descriptor(id) for id in has]
    options, _ = _server(party).authenticate_begin(descriptors, preferred, challenge.encode())
    return json.dumps(dict(options.public_key))


def challenge_of(answer: str) -> str:
    """The challenge that an answer is to. Raises `ValueError`."""
    from fido2 import utils, webauthn  # noqa: PLC0415 - see above

    with _readable(answer) as given:
        client = webauthn.CollectedClientData(utils.websafe_decode(given["response"]["clientDataJSON"]))
        if client.cross_origin:
            raise ValueError("a page of others was around ours")
        return client.challenge.decode()


def made(party: RelyingParty, challenge: str, answer: str) -> Made:
    """The passkey that was made. Raises `ValueError`, whatever is wrong."""
    from fido2 import cbor, utils  # noqa: PLC0415 - see above

    with _readable(answer) as given:
        data = _server(party).register_complete(_state(challenge), given)
        credential = data.credential_data
        if credential is None or credential.public_key.ALGORITHM not in ALGORITHMS:
            raise ValueError("no passkey, or of a kind that was not asked for")
        key = utils.websafe_encode(cbor.encode(credential.public_key))
        return Made(utils.websafe_encode(credential.credential_id), key, data.counter)


def signed(party: RelyingParty, challenge: str, answer: str, public_keys: Mapping[str, str]) -> tuple[str, int]:
    """Which of the passkeys, by id, has signed the challenge, and what its authenticator has counted.

    Raises `ValueError`, whatever is wrong.
    """
    from fido2 import utils, webauthn  # noqa: PLC0415 - see above

    with _readable(answer) as given:
        known = [_credential(id, key) for id, key in public_keys.items()]
        credential = _server(party).authenticate_complete(_state(challenge), known, given)
        data = webauthn.AuthenticatorData(utils.websafe_decode(given["response"]["authenticatorData"]))
        return utils.websafe_encode(credential.credential_id), data.counter


@lru_cache(maxsize=64)  # to make one takes longer than to look at a signature
def _server(party: RelyingParty, name: str = "") -> "Fido2Server":
    """Its name is shown where a passkey is made, by some. It remembers nothing."""
    from fido2 import server, webauthn  # noqa: PLC0415 - see above

    entity = webauthn.PublicKeyCredentialRpEntity(name=name, id=party.id)
    none = webauthn.AttestationConveyancePreference.NONE
    made = server.Fido2Server(entity, attestation=none, verify_origin=lambda origin: origin == party.origin)
    made.allowed_algorithms = [
        webauthn.PublicKeyCredentialParameters(type=webauthn.PublicKeyCredentialType.PUBLIC_KEY, alg=algorithm)
        for algorithm in ALGORITHMS
    ]
    return made


def _descriptor(id: str) -> "PublicKeyCredentialDescriptor":
    from fido2 import utils, webauthn  # noqa: PLC0415 - see above

    return webauthn.PublicKeyCredentialDescriptor(
        type=webauthn.PublicKeyCredentialType.PUBLIC_KEY, id=utils.websafe_decode(id)
    )


def _credential(id: str, public_key: str) -> "AttestedCredentialData":
    from fido2 import cbor, cose, utils, webauthn  # noqa: PLC0415 - see above

    key: Any = cbor.decode(utils.websafe_decode(public_key))  # a map, as it was made of one
    return webauthn.AttestedCredentialData.create(
        webauthn.Aaguid.NONE, utils.websafe_decode(id), cose.CoseKey.parse(key)
    )


def _state(challenge: str) -> dict[str, Any]:  # as the library keeps it
    """What the library wants to know of what was asked."""
    from fido2 import utils  # noqa: PLC0415 - see above

    return {"challenge": utils.websafe_encode(challenge.encode()), "user_verification": None}


@contextmanager
def _readable(answer: str) -> Iterator[Any]:  # whatever JSON says
    """The JSON of an answer; whatever the library raises of it inside is a `ValueError`."""
    if len(answer) > MAX_ANSWER:
        raise ValueError("too long")
    try:
        yield json.loads(answer)
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        NotImplementedError,
        RecursionError,
        TypeError,
        UnsupportedAlgorithm,
        struct.error,
    ) as error:
        raise ValueError("not as a browser writes it") from error
