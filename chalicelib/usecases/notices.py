"""What a person is mailed of what is done with the account, by others or in the person's own name.

The mail goes with the change, in its transaction.
"""

from collections.abc import Callable

from chalicelib.domain import mail_texts
from chalicelib.domain.catalogue import LicenseSummary
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.domain.mail import Mail
from chalicelib.domain.users import User
from chalicelib.store import accounts


def seat_notice(company: str, actor: Actor) -> Callable[[User, License], Mail]:
    """The mail to who is given a seat on a license by `actor`. Reads the company, once."""
    name = _name(company)

    def mail(user: User, license: License) -> Mail:
        return mail_texts.seat_mail(user.email, name, company, license.product, _who(actor))

    return mail


def manager_notice(manager: User, license: License | LicenseSummary, company: str, actor: Actor) -> Mail:
    """The mail to who comes to manage the order of a license."""
    return mail_texts.manager_mail(manager.email, _name(company), company, license.order_id or "", _who(actor))


def password_notice(user: User, actor: Actor) -> Mail:
    """The mail to whose password was set by somebody else."""
    return mail_texts.password_mail(user.email, _name(user.company), user.company, _who(actor))


def own_password_notice(user: User, *, by_code: bool = False) -> Mail:
    """The mail to whose password was changed with the one before, or by a code that was mailed."""
    how = "with a code that was mailed to you" if by_code else "by somebody who knew the one before"
    return mail_texts.own_password_mail(user.email, _name(user.company), user.company, how)


def email_notices(old: User, new: User, actor: Actor) -> tuple[Mail, Mail]:
    """The mails to the old and to the new address of an account."""
    details = (_name(old.company), old.company, old.email, new.email, _who(actor))
    return mail_texts.email_mail(old.email, *details), mail_texts.email_mail(new.email, *details)


def _name(company: str) -> str:
    found = accounts.read_company(company)
    return company if found is None else found.name


def _who(actor: Actor) -> str:
    kind, _, who = actor.name.partition(":")
    return who if kind == "user" else "the vendor"
