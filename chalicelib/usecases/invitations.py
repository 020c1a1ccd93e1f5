"""Invitations: the link in a mail by which a person chooses a password, and the mail once more.

Whoever has the link reads the account's mail, so the password is proved (`domain.access`) and opens all that the
account has. A look changes nothing: mail scanners open links, too.
"""

from chalicelib import observability
from chalicelib.domain.errors import Denied, Invalid
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.domain.invitation import (
    Invitation,
    invitation_state,
    may_invite_at,
    new_secret,
    read_invitation,
    valid_until,
    with_invitation,
)
from chalicelib.domain.license import License
from chalicelib.domain.users import User, guard_open
from chalicelib.store import accounts
from chalicelib.usecases.bounded_guesses import count_guess, guard_guesses
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.find_license import find_license_user
from chalicelib.usecases.notices import own_password_notice, seat_notice
from chalicelib.usecases.passwords import verify_password, with_own_password
from chalicelib.usecases.retry import decide_and_write


def find_invited(link: str, address: str, *, now: Instant) -> User:
    """The account that a link invites, where a password may be chosen by it now.

    Raises `Invalid`: `invalid_invitation`, whatever is wrong with it; `Denied`: `rate_limit_exceeded`, where too many
    wrong ones came from this address.
    """
    _, user = _look(link, address, now)
    if invitation_state(user, now) != "open":
        raise Invalid("invalid_invitation")
    return user


def accept_invitation(link: str, new_password: str, actor: Actor, *, now: Instant) -> User:
    """Let the invited person choose the account's password, and use up the link. All sessions are over. The person is
    mailed.

    Doing so again with the same password changes nothing, as long as the link would be good. A wrong one is counted as
    a wrong link is: who has found a link that is used up could try passwords by it. Raises as `find_invited`, and
    `Invalid`: `validation_error`.
    """

    invitation, invited = _look(link, actor.ip or "", now)
    guard_chosen(new_password, invited.company, invited.email)

    def decide(user: User) -> User:
        if invitation_state(user, now) == "open":
            return with_own_password(user, new_password, email_verified=True)
        is_over = now >= valid_until(user)
        if is_over or user.is_initial_password or not verify_password(user.password_hash, new_password):
            raise Invalid("invalid_invitation")
        return user  # the same call once more

    def write(user: User, changed: User) -> None:
        if user.is_initial_password:
            event = Event.new("password_changed", actor, now, user=user.email, user_id=user.id, by="invitation")
            accounts.change_password(user, changed, event, mail=own_password_notice(user, "password_chosen"))

    try:
        _, user = decide_and_write(lambda _: _user_of(invitation), decide, write)
    except Invalid:
        count_guess(invitation.company, actor.ip or "", now=now)
        raise
    observability.add_fields(company=user.company, user_id=user.id)
    return user


def invite_again(company: str, license_id: int, email: str, actor: Actor, *, now: Instant) -> User:
    """Mail a license user another link to choose a password, also who was handed one; the link of before is void.

    Raises `NotFound`: `user_not_found`, …; `Denied`: `password_chosen` where there is nothing to invite to, and
    `rate_limit_exceeded` where the last mail is not a quarter of an hour old; `Forbidden`: `account_closed`.
    """
    secret, mail = new_secret(), seat_notice(company, actor)

    def decide(state: tuple[License, User]) -> User:
        user = state[1]
        guard_open(user)
        if not user.is_initial_password:
            raise Denied("password_chosen")
        if (again_at := may_invite_at(user)) > now:
            raise Denied("rate_limit_exceeded", of="invitation", retry_after=whole_seconds(again_at - now))
        return with_invitation(user, secret, now)

    def write(state: tuple[License, User], invited: User) -> None:
        license, user = state
        event = Event.new("user_invited", actor, now, user=user.email, user_id=user.id, invited=1)
        accounts.invite(user, invited, license_id, event, mail(invited, license, secret))

    read = lambda _: find_license_user(company, license_id, email)  # noqa: E731 - short and local
    return decide_and_write(read, decide, write, result=lambda *_: None)[1]


def _look(link: str, address: str, now: Instant) -> tuple[Invitation, User]:
    """What a link says, and the account that was last invited by it; a wrong one is counted."""
    invitation = read_invitation(link)
    if invitation is None:
        raise Invalid("invalid_invitation")
    guard_guesses(invitation.company, address, now=now)
    try:
        return invitation, _user_of(invitation)
    except Invalid:
        count_guess(invitation.company, address, now=now)
        raise


def _user_of(invitation: Invitation) -> User:
    """The account to which the newest link was this one; used or too old as it may be."""
    user = accounts.read_user(invitation.company, invitation.user_id)
    if user is None or not invitation.is_of(user) or user.closed_at is not None:
        raise Invalid("invalid_invitation")
    return user
