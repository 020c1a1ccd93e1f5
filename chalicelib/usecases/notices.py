"""What a person is mailed of what is done with the account, by others or in the person's own name.

The mail goes with the change, in its transaction.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from chalicelib.domain.catalog import Company, LicenseSummary
from chalicelib.domain.events import Actor
from chalicelib.domain.invitation import VALID_DAYS, Invitation
from chalicelib.domain.license import License
from chalicelib.domain.mail import Mail, MailCode
from chalicelib.domain.users import User
from chalicelib.mail.messages import write_mail
from chalicelib.store import accounts

INVITATION_PATH = "/portal/invitation"
"""Where the portal takes the link of an invitation."""


class SeatNotice(Protocol):
    """The mail to who has a seat on a license; with the link to choose a password where it has a `secret`, and the
    account that invitation.
    """

    def __call__(self, user: User, license: License, secret: str = "") -> Mail: ...


def seat_notice(company: str, actor: Actor) -> SeatNotice:
    """What writes the mails to those who are given a seat by `actor`. Reads the company, once."""
    write, who = _writer(company), _user(actor)

    def mail(user: User, license: License, secret: str = "") -> Mail:
        params = {"product": license.product, "who": who}
        invitation = Invitation(company, user.id, secret)
        if not invitation.is_of(user):
            return write("seat_given", user.email, params)
        link = f"{INVITATION_PATH}?link={invitation.text}"
        return write("invitation", user.email, params | {"link": link, "days": str(VALID_DAYS)})

    return mail


def manager_notice(manager: User, license: License | LicenseSummary, company: str, actor: Actor) -> Mail:
    """The mail to who comes to manage the order of a license."""
    return _writer(company)("order_given", manager.email, {"order": license.order_id or "", "who": _user(actor)})


def password_notice(user: User, actor: Actor) -> Mail:
    """The mail to whose password was set by somebody else."""
    return _writer(user.company)("password_set", user.email, {"who": _user(actor)})


def own_password_notice(user: User, code: MailCode = "password_changed") -> Mail:
    """The mail to whose password was changed with the one before, or in the way that the code says."""
    return _writer(user.company)(code, user.email, {})


def email_notices(old: User, new: User, actor: Actor) -> tuple[Mail, Mail]:
    """The mails to the old and to the new address of an account."""
    params = {"old": old.email, "new": new.email, "who": _user(actor)}
    write = _writer(old.company)
    return write("email_changed", old.email, params), write("email_changed", new.email, params)


def _writer(company: str) -> Callable[[MailCode, str, Mapping[str, str | None]], Mail]:
    """Writes mails about accounts of a company, by what they are about, to whom, and with which parameters.

    Reads the company, once.
    """
    found = accounts.read_company(company) or Company(company, 0, company, 0)

    def write(code: MailCode, to: str, params: Mapping[str, str | None]) -> Mail:
        return write_mail(code, to, company, {"name": found.name, **params}, language=found.language)

    return write


def _user(actor: Actor) -> str | None:
    """The e-mail of a user who did something; None: the vendor did."""
    kind, _, who = actor.name.partition(":")
    return who if kind == "user" else None
