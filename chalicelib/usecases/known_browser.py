"""Browsers that have logged in before: each keeps a sealed proof of it, and is no stranger to those accounts.

The proof opens nothing. It only keeps guesses of strangers from holding back who has been there before.
"""

import secrets
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag

from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Origin, network_of
from chalicelib.store.sealing import keyed_hash, seal, unseal
from chalicelib.usecases.named_account import account_name

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
    accounts: tuple[str, ...] = ()

    def origin(self, company: str, email: str, ip: str) -> Origin:
        """Where a log-in to this account comes from."""
        account = _account(company, email)
        return Origin(network_of(ip), f"browser {self.id}" if account and account in self.accounts else "")


def from_cookie(text: str, now: Instant) -> KnownBrowser:
    """The browser that keeps a cookie; a new one, which is known to no account, where it is none of ours or too old."""
    try:
        id, since, *accounts = unseal(text, _CONTEXT).split(" ")
        known = KnownBrowser(id, int(since), tuple(accounts))
    except (InvalidTag, ValueError):
        return KnownBrowser(secrets.token_urlsafe(16))
    return known if known.since > now - VALID_MS else KnownBrowser(secrets.token_urlsafe(16))


def to_cookie(browser: KnownBrowser, company: str, email: str, now: Instant) -> str:
    """What the browser keeps after a log-in to this account. Sealed: nobody can make one."""
    account = _account(company, email)
    others = [known for known in browser.accounts if known != account]
    accounts = tuple([account, *others][:_MAX_ACCOUNTS])
    kept = replace(browser, since=now, accounts=accounts)
    return seal(" ".join([kept.id, str(kept.since), *kept.accounts]), _CONTEXT)


def _account(company: str, email: str) -> str:
    """A name of an account that tells nobody which it is; empty for what can be none."""
    account = account_name(company, email)
    return "" if account is None else keyed_hash(account[1], f"known-browser#{account[0]}")[:16]
