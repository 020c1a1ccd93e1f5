"""What a person is mailed of what is done with the account, by others or in the person's own name.

The mail goes with the change, in its transaction.
"""

from typing import Protocol

from chalicelib.domain.catalog import LicenseSummary
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
    name, who = _name(company), _user(actor)

    def mail(user: User, license: License, secret: str = "") -> Mail:
        params = {"name": name, "product": license.product, "who": who}
        invitation = Invitation(company, user.id, secret)
        if not invitation.is_of(user):
            return write_mail("seat_given", user.email, company, params)
        link = f"{INVITATION_PATH}?link={invitation.text}"
        return write_mail("invitation", user.email, company, params | {"link": link, "days": str(VALID_DAYS)})

    return mail


def manager_notice(manager: User, license: License | LicenseSummary, company: str, actor: Actor) -> Mail:
    """The mail to who comes to manage the order of a license."""
    params = {"name": _name(company), "order": license.order_id or "", "who": _user(actor)}
    return write_mail("order_given", manager.email, company, params)


def password_notice(user: User, actor: Actor) -> Mail:
    """The mail to whose password was set by somebody else."""
    return write_mail("password_set", user.email, user.company, {"name": _name(user.company), "who": _user(actor)})


def own_password_notice(user: User, code: MailCode = "password_changed") -> Mail:
    """The mail to whose password was changed with the one before, or in the way that the code says."""
    return write_mail(code, user.email, user.company, {"name": _name(user.company)})


def email_notices(old: User, new: User, actor: Actor) -> tuple[Mail, Mail]:
    """The mails to the old and to the new address of an account."""
    params = {"name": _name(old.company), "old": old.email, "new": new.email, "who": _user(actor)}
    to_old, to_new = (write_mail("email_changed", to, old.company, params) for to in (old.email, new.email))
    return to_old, to_new


def _name(company: str) -> str:
    found = accounts.read_company(company)
    return company if found is None else found.name


def _user(actor: Actor) -> str | None:
    """The e-mail of a user who did something; None: the vendor did."""
    kind, _, who = actor.name.partition(":")
    return who if kind == "user" else None
