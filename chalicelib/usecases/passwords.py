"""Passwords: argon2id, and the time that it takes reveals nothing."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from chalicelib.domain.invitation import without_invitation
from chalicelib.domain.pasted import composed, visible
from chalicelib.domain.users import User
from chalicelib.runtime import runtime

if TYPE_CHECKING:
    from argon2 import PasswordHasher


def hash_password(password: str) -> str:
    """The argon2id hash to store. About 16 ms and 19 MiB of memory."""
    with runtime().turns.hashes:
        return hasher().hash(composed(password))


def with_own_password(user: User, password: str, *, email_verified: bool = False) -> User:
    """The account once its owner has chosen a password: the initial one is gone for good, and all sessions are over."""
    return replace(
        user,
        password_hash=hash_password(password),
        is_initial_password=False,
        sealed_initial_password=None,
        session_epoch=user.session_epoch + 1,
        email_verified=user.email_verified or email_verified,
    )


def with_no_password(user: User) -> User:
    """The account with a password that nobody has, and that opens nothing, and no invitation; all sessions are over."""
    return replace(
        without_invitation(user),
        password_hash=hash_password(token_urlsafe(32)),
        is_initial_password=False,
        sealed_initial_password=None,
        session_epoch=user.session_epoch + 1,
        email_verified=False,
        password_scope=None,
    )


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than those of today."""
    return hasher().check_needs_rehash(password_hash)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. None stands for no such account and takes the same time.

    It is tried in its normal form; as it was typed, for older hashes; and without what was pasted along around it.
    These differ for few, and what was typed alone says how many they are.
    """
    from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415 - see hasher

    for form in dict.fromkeys((composed(password), password, composed(visible(password)))):
        with runtime().turns.hashes, suppress(VerifyMismatchError):
            hasher().verify(password_hash or _nobody(), form)
            return password_hash is not None
    return False


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """An account, and the password that it was logged in with."""

    user: User
    password: str

    def is_still(self, password_hash: str) -> bool:
        """Whether the account's hash, as it is now, is of this password: another log-in may have hashed it anew."""
        return password_hash == self.user.password_hash or verify_password(password_hash, self.password)


@cache
def hasher() -> "PasswordHasher":
    """Argon2id with the parameters of new hashes."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - most calls know no password

    # OWASP's second choice for argon2id: 19 MiB, two passes, one lane.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    return hasher().hash("nobody-has-this-password")
