"""Browsers that have logged in before: each keeps an encrypted proof of it, and is no stranger to those accounts.

The proof opens nothing. It only keeps guesses of strangers from holding back who has been there before. It is worth
nothing once the account has another password, or its sessions were ended: who had the old one may have had the browser.
"""

import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag

from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Origin, network_of
from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt, hmac_sha256
from chalicelib.usecases.named_account import account_name, named_user

VALID_MS = 180 * 24 * 3_600_000
"""How long a browser is known after it has logged in."""
_MAX_ACCOUNTS = 8
"""That one browser is known to: the latest ones."""
_CONTEXT = "known-browser"


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """What a browser keeps: a secret name of its own, and the accounts that it has logged in to."""

    id: str
    since: Instant = 0
    accounts: dict[str, str] = field(default_factory=dict)
    """By a name that tells nobody which it is: whose it was by then, and in which epoch (`User.session_epoch`)."""


def origin_of(browser: KnownBrowser, company: str, email: str, ip: str) -> Origin:
    """Where a log-in to this account comes from, as typed.

    The account is looked at only where this browser has logged in to it: of others, nothing is read.
    """
    account = account_name(company, email)
    proof = browser.accounts.get(_name(*account)) if account else None
    is_known = account and proof and proof == _proof(named_user(*account))
    return Origin(network_of(ip), f"browser {browser.id}" if is_known else "")


def from_cookie(text: str, now: Instant) -> KnownBrowser:
    """The browser that keeps a cookie; a new one, which is known to no account, where it is none of ours or too old."""
    try:
        id, since, *accounts = decrypt(text, _CONTEXT).split(" ")
        pairs = (account.partition(":") for account in accounts)  # without a proof: of before there were any
        known = KnownBrowser(id, int(since), {name: proof for name, _, proof in pairs})
    except (InvalidTag, ValueError):
        return KnownBrowser(secrets.token_urlsafe(16))
    return known if known.since > now - VALID_MS else KnownBrowser(secrets.token_urlsafe(16))


def to_cookie(browser: KnownBrowser, user: User, now: Instant) -> str:
    """What the browser keeps after a log-in to this account. Sealed: nobody can make one."""
    kept = {_name(user.company, user.email): _proof(user)}
    others = [(name, proof) for name, proof in browser.accounts.items() if name not in kept]
    accounts = [f"{name}:{proof}" for name, proof in [*kept.items(), *others][:_MAX_ACCOUNTS]]
    return encrypt(" ".join([browser.id, str(now), *accounts]), _CONTEXT)


def _name(company: str, email: str) -> str:
    return hmac_sha256(email, f"known-browser#{company}")[:16]


def _proof(user: User | None) -> str:
    return "" if user is None else f"{user.id}.{user.session_epoch}"
