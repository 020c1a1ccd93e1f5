"""The one rule for emails: what is assigned can be mailed, can log in, and is named by every command.

An email is stored with a local part of plain ASCII letters, digits and marks, in small letters, and with its domain
in the form that mail servers know (`xn--…`); people are shown that domain in their own letters.

`email-validator` would add 19 ms to a cold start (it brings a resolver), and knows nothing of accounts that were made
before this rule.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Never

from chalicelib.domain.errors import Invalid
from chalicelib.domain.hosts import DOMAIN, ascii_domain
from chalicelib.domain.pasted import MAX_TYPED, composed, visible

MAX_EMAIL = 254
"""Characters of an email, as in every mail server."""
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LOCAL = re.compile(rf"(?=[^@]{{1,64}}+\Z){_ATOM}(?:\.{_ATOM})*+")
_OF_YESTERDAY = re.compile(
    r"[^@\s\x00-\x1f]{1,64}+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+"
)
_MIXED_WITH_LATIN = frozenset(("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"))


def normalize_email(text: str) -> str:
    """The form in which a new email is stored and compared. Raises `Invalid`, with the cause.

    What cannot be seen and is pasted along (a zero-width space, a mark of direction) is left out.
    """
    typed = text.strip()
    if len(typed) > MAX_TYPED:
        _refuse_long()
    local, at, domain = composed(typed).lower().rpartition("@")
    if not at:
        raise Invalid("email_malformed", field="email")
    local, domain = visible(local), _domain(visible(domain, joiners=True))
    if foreign := next((letter for letter in local if not letter.isascii()), None):
        shown = foreign if foreign.isalnum() else f"U+{ord(foreign):04X}"  # of marks alone little is seen
        raise Invalid("email_not_ascii", field="email", letter=shown)
    email = f"{local}@{domain}"
    if len(email) > MAX_EMAIL:
        _refuse_long()
    if not _LOCAL.fullmatch(local) or not DOMAIN.fullmatch(domain):
        raise Invalid("email_malformed", field="email")
    return email


def optional_email(text: str) -> str:
    """The same, where empty means none. Raises `Invalid`."""
    return normalize_email(text) if text.strip() else ""


def known_email(text: str) -> str:
    """The form in which the account of an email is looked up. Raises `Invalid` where there can be none.

    Accounts that were made before `normalize_email` was the rule keep their emails, and are found by them.
    """
    try:
        return normalize_email(text)
    except Invalid:
        typed = text.strip()
        if len(typed) > MAX_EMAIL:
            raise
        email = composed(typed.lower())
        if len(email.encode(errors="replace")) > MAX_EMAIL or not email.isprintable():
            raise
        if not _OF_YESTERDAY.fullmatch(email):
            raise
        return email


@lru_cache(1000)
def display_email(email: str) -> str:
    """A stored email as people read it: its domain in their own letters.

    Not where a label mixes Latin letters with those that look like them: such a domain stays `xn--…`.
    """
    local, at, domain = email.rpartition("@")
    if "xn--" not in domain:
        return email
    return local + at + ".".join(_shown_label(label) for label in domain.split("."))


def _domain(text: str) -> str:
    """The domain as mail servers know it. Raises `Invalid`."""
    try:
        return ascii_domain(text)
    except ValueError:
        raise Invalid("email_domain_impossible", field="email") from None


def _shown_label(label: str) -> str:
    from idna import IDNAError, ulabel  # noqa: PLC0415 - see `ascii_domain`

    try:
        shown = ulabel(label)
    except IDNAError:  # of an account of yesterday
        return label
    scripts = {unicodedata.name(letter, "?").partition(" ")[0] for letter in shown}
    return label if "LATIN" in scripts and scripts & _MIXED_WITH_LATIN else shown


def _refuse_long() -> Never:
    raise Invalid("email_too_long", field="email", most=MAX_EMAIL)
