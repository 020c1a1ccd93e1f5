"""What passkeys are asked, and their answers: each challenge is answered once, by its person, in its browser.

A challenge is no random number that is kept until somebody answers: it is the instant in which it was made, with the
host at which it was asked where that is a company's own, sealed for the person and for the session or the log-in that
asks. So a page that asks writes nothing. The account keeps the instant of the latest challenge that was answered, as it
keeps the latest step of an app, and takes none of before: the write that an answer leads to is on condition that this
has not moved.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag

from chalicelib import webauthn
from chalicelib.domain.catalog import Company
from chalicelib.domain.instants import Instant
from chalicelib.domain.passkeys import (
    MAX_STORED,
    VALID_MS,
    Passkey,
    RelyingParty,
    passkeys_in,
    relying_party,
    used,
    wrong_passkey,
)
from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt, hmac_sha256
from chalicelib.runtime import runtime


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """What a browser has answered, unproved."""

    text: str
    """In JSON."""
    holder: str
    """The session or the log-in that asked: a secret of the browser, or what is sealed for it."""


def are_offered(host: str = "") -> bool:
    """Whether passkeys can be made for the address of the portal: a company's own `host`, or the server's."""
    return _party(host) is not None


def ask_for_new(user: User, company: Company, holder: str, *, host: str = "", now: Instant) -> str:
    """What the browser is asked that is to make a passkey, for that address; empty where none are offered."""
    party, has = _party(host), [passkey.id for passkey in passkeys_in(user.passkeys)]
    if party is None:
        return ""
    handle = bytes.fromhex(hmac_sha256(str(user.id), f"passkey-handle#{user.company}"))
    return webauthn.to_make(party, company.name, handle, user.email, _challenge(user, holder, host, now), has)


def ask(user: User, holder: str, *, host: str = "", now: Instant) -> str:
    """What the browser is asked that is to have a passkey of the person sign, at that address; empty where there is
    none.
    """
    party, has = _party(host), [passkey.id for passkey in passkeys_in(user.passkeys)]
    return "" if party is None or not has else webauthn.to_sign(party, _challenge(user, holder, host, now), has)


def with_new_passkey(user: User, name: str, answer: PasskeyAnswer, now: Instant) -> User:
    """The account once it has the passkey that this answer has brought. Raises `Invalid`: `invalid_code`."""
    with _refusing():
        party, challenge, asked_at = _asked(user, answer, now)
        made = webauthn.made(party, challenge, answer.text)
        if len(made.id) + len(made.public_key) > MAX_STORED:
            raise ValueError("too long")
    new = Passkey(made.id, made.public_key, name, made.sign_count, now)
    others = passkeys_in(user.passkeys)
    if new.id in {passkey.id for passkey in others}:
        raise wrong_passkey()
    return _with_passkeys(user, [*others, new], asked_at)


def with_passkey_used(user: User, answer: PasskeyAnswer, now: Instant) -> User:
    """The account once one of its passkeys has answered. Raises `Invalid`: `invalid_code`."""
    mine = {passkey.id: passkey for passkey in passkeys_in(user.passkeys)}
    with _refusing():
        party, challenge, asked_at = _asked(user, answer, now)
        keys = {id: passkey.public_key for id, passkey in mine.items()}
        id, sign_count = webauthn.signed(party, challenge, answer.text, keys)
    mine[id] = used(mine[id], sign_count, now)
    return _with_passkeys(user, [*mine.values()], asked_at)


def _with_passkeys(user: User, passkeys: list[Passkey], asked_at: Instant) -> User:
    return replace(user, passkeys=frozenset(passkey.text for passkey in passkeys), passkey_asked_at=asked_at)


def _asked(user: User, answer: PasskeyAnswer, now: Instant) -> tuple[RelyingParty, str, Instant]:
    """For which address this was asked, the challenge, and when.

    Raises `InvalidTag` or `ValueError` where it was not asked, too long ago, or was answered.
    """
    challenge = webauthn.challenge_of(answer.text)
    at, _, host = decrypt(challenge, _context(user, answer.holder)).partition(" ")
    party, asked_at = _party(host), int(at)
    if party is None or not user.passkey_asked_at < asked_at <= now < asked_at + VALID_MS:
        raise ValueError("no challenge that may be answered")
    return party, challenge, asked_at


@contextmanager
def _refusing() -> Iterator[None]:
    """What is wrong inside is not told: who does not hold the passkey learns nothing by it."""
    try:
        yield
    except (InvalidTag, ValueError):
        raise wrong_passkey() from None


def _challenge(user: User, holder: str, host: str, now: Instant) -> str:
    return encrypt(f"{now} {host}".rstrip(), _context(user, holder))


def _context(user: User, holder: str) -> str:
    return f"passkey-challenge#{user.company}#{user.id}#{holder}"


def _party(host: str) -> RelyingParty | None:
    return relying_party(f"https://{host}" if host else runtime().settings.portal_url)
