"""Initial passwords: made for a user, readable until the user has chosen one."""

from dataclasses import replace

from chalicelib.domain.email import normalize_email
from chalicelib.domain.events import Actor
from chalicelib.domain.ids import new_id, new_initial_password
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import without_invitation
from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt
from chalicelib.usecases.account_access import guard_initial_password
from chalicelib.usecases.find_license import find_user
from chalicelib.usecases.passwords import hash_password
from chalicelib.usecases.security_events import note_security_event


def new_user(company: str, email: str, scope: frozenset[str], password: str | None = None, *, now: Instant) -> User:
    """A user who is not stored yet, with an initial password that opens the licenses of `scope`; None: generate it.

    Raises `SeatkeeperError` for an email that cannot be mailed.
    """
    user_id, password = new_id(now), password or new_initial_password()
    return User(
        company=company,
        id=user_id,
        email=normalize_email(email),
        password_hash=hash_password(password),
        is_initial_password=True,
        created_at=now,
        sealed_initial_password=encrypt_initial_password(company, user_id, password),
        password_scope=scope,
    )


def encrypt_initial_password(company: str, user_id: int, password: str) -> str:
    """The form in which an initial password is stored beside its hash."""
    return encrypt(password, _context(company, user_id))


def with_initial_password(user: User, password: str, scope: frozenset[str]) -> User:
    """The account with another initial password, that opens the licenses of `scope`; all its sessions are over, and no
    link counts that was mailed.
    """
    return replace(
        without_invitation(user),
        password_hash=hash_password(password),
        is_initial_password=True,
        sealed_initial_password=encrypt_initial_password(user.company, user.id, password),
        session_epoch=user.session_epoch + 1,
        email_verified=False,
        password_scope=scope,
    )


def initial_password(user: User) -> str | None:
    """The initial password in clear, or None once the user has chosen a password."""
    sealed = user.sealed_initial_password
    return None if sealed is None else decrypt(sealed, _context(user.company, user.id))


def reveal_initial_password(
    company: str, license_id: int, email: str, manager_id: int, actor: Actor, *, now: Instant
) -> str | None:
    """The initial password of a license user, for a manager who may touch the account. Raises `SeatkeeperError`."""
    user = find_user(company, license_id, email)
    guard_initial_password(manager_id, user)
    password = initial_password(user)
    if password is not None:
        note_security_event(company, user, "initial_password_read", actor, now)
    return password


def _context(company: str, user_id: int) -> str:
    return f"initial-password#{company}#{user_id}"
