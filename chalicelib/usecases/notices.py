"""What a person is mailed of what is done with the account, by others or in the person's own name.

The mail goes with the change, in its transaction.
"""

from collections.abc import Callable

from chalicelib.domain.catalog import LicenseSummary
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.domain.mail import Mail, MailCode
from chalicelib.domain.users import User
from chalicelib.mail.messages import write_mail
from chalicelib.store import accounts


def seat_notice(company: str, actor: Actor) -> Callable[[User, License], Mail]:
    """The mail to who is given a seat on a license by `actor`. Reads the company, once."""
    name, who = _name(company), _user(actor)

    def mail(user: User, license: License) -> Mail:
        return write_mail("seat_given", user.email, company, {"name": name, "product": license.product, "who": who})

    return mail


def manager_notice(manager: User, license: License | LicenseSummary, company: str, actor: Actor) -> Mail:
    """The mail to who comes to manage the order of a license."""
    params = {"name": _name(company), "order": license.order_id or "", "who": _user(actor)}
    return write_mail("order_given", manager.email, company, params)


def password_notice(user: User, actor: Actor) -> Mail:
    """The mail to whose password was set by somebody else."""
    return write_mail("password_set", user.email, user.company, {"name": _name(user.company), "who": _user(actor)})


def own_password_notice(user: User, *, by_code: bool = False) -> Mail:
    """The mail to whose password was changed with the one before, or by a code that was mailed."""
    code: MailCode = "password_changed_by_code" if by_code else "password_changed"
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
