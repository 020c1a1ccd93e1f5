"""What people are mailed: of what is done with their accounts, by others or in their own name; as managers, of what
becomes of their licenses; and the vendor, of what is wrong.

A mail goes with the change, in its transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Literal, Protocol

from chalicelib.domain.catalog import Company, LicenseSummary
from chalicelib.domain.days import local
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import VALID_DAYS, Invitation
from chalicelib.domain.license import License, license_title
from chalicelib.domain.limits import LICENSE_ACTIVATIONS, LICENSE_USERS
from chalicelib.domain.mail import DAY_MS, DIGEST_VALID_MS, TO_MANAGERS, Mail, MailCode
from chalicelib.domain.users import User
from chalicelib.languages import Reader
from chalicelib.mail.messages import Params, write_mail
from chalicelib.store import accounts
from chalicelib.store.products import read_product
from chalicelib.usecases.readers import reader_of

INVITATION_PATH = "/portal/invitation"
"""Where the portal takes the link of an invitation."""


class SeatNotice(Protocol):
    """The mail to who has a seat on a license; with the link to choose a password where it has a `secret`, and the
    account that invitation.
    """

    def __call__(self, user: User, license: License, secret: str = "") -> Mail: ...


def seat_notice(company: str, actor: Actor) -> SeatNotice:
    """What writes the mails to those who are given a seat by `actor`. Reads the company and each product once."""
    write, name_of, who = _writer(company), cache(partial(_product_name, company)), _user(actor)

    def notice(user: User, license: License, secret: str = "") -> Mail:
        params: Params = {"product": license_title(name_of(license.product), license), "who": who}
        invitation = Invitation(company, user.id, secret)
        if not invitation.is_of(user):
            return write("seat_given", user, params)
        link = f"{INVITATION_PATH}?link={invitation.text}"
        mail = write("invitation", user, {**params, "link": link, "days": VALID_DAYS})
        return replace(mail, license_id=license.id)

    return notice


def manager_notice(manager: User, license: License | LicenseSummary, company: str, actor: Actor) -> Mail:
    """The mail to who comes to manage the order of a license."""
    return _writer(company)("order_given", manager, {"order": license.order_id or "", "who": _user(actor)})


def password_notice(user: User, actor: Actor) -> Mail:
    """The mail to whose password was set by somebody else."""
    return _writer(user.company)("password_set", user, {"who": _user(actor)})


def own_password_notice(user: User, code: MailCode = "password_changed") -> Mail:
    """The mail to whose password was changed with the one before, or in the way that the code says."""
    return _writer(user.company)(code, user, {})


def email_notices(old: User, new: User, actor: Actor) -> tuple[Mail, Mail]:
    """The mails to the old and to the new address of an account."""
    params = {"old": old.email, "new": new.email, "who": _user(actor)}
    write = _writer(old.company)
    return write("email_changed", old.email, params), write("email_changed", new.email, params)


def second_factor_notice(user: User, code: MailCode, actor: Actor, passkey: str | None = None) -> Mail:
    """The mail to whose second factor was changed, used for recovery or guessed at, as the code says.

    `passkey`: the name of the one that it is about.
    """
    params: Params = {"who": _user(actor), "address": actor.ip, "left": len(user.recovery_hashes), "passkey": passkey}
    return _writer(user.company)(code, user, params)


def new_log_in_notice(user: User, address: str, now: Instant) -> Mail:
    """The mail to whose account was logged in to by a browser that the account does not know."""
    return _writer(user.company)("new_log_in", user, {"address": address}, now)


def license_ends_notices(managers: Sequence[User], license: License, days: int) -> list[Mail]:
    """The mails to the managers of a license that ends in so many days."""
    return _about_license("license_ends", managers, license, at=license.validity_period, days=days)


def grace_notices(managers: Sequence[User], license: License, until: Instant) -> list[Mail]:
    """The mails to the managers of a license that has ended, and goes on until then."""
    return _about_license("license_grace", managers, license, at=until)


def expired_notices(managers: Sequence[User], license: License, at: Instant) -> list[Mail]:
    """The mails to the managers of a license that cannot be used any more since then."""
    return _about_license("license_expired", managers, license, at=at)


def limit_notices(managers: Sequence[User], license: License, kind: Literal["users", "devices"]) -> list[Mail]:
    """The mails to the managers of a license on which all users, or all devices, are taken."""
    code: MailCode = "users_taken" if kind == "users" else "devices_taken"
    limit = LICENSE_USERS if kind == "users" else LICENSE_ACTIVATIONS
    used: int = getattr(license, limit.counter)
    return _about_license(code, managers, license, used=used, limit=limit.most(license), over=limit.over(license))


def bounced_notices(managers: Sequence[User], license: License, address: str) -> list[Mail]:
    """The mails to the managers of a license of which an invitation did not arrive at this address."""
    return _about_license("invitation_bounced", managers, license, address=address)


def endpoint_disabled_notice(company: str, endpoint: str, days: int) -> Mail:
    """The mail to a company of which a webhook endpoint has failed for so many days, and was disabled."""
    return _writer(company)("endpoint_disabled", None, {"endpoint": endpoint, "days": days})


def sweep_late_notice(company: str, minutes: int) -> Mail:
    """The mail to a company of which what is due is recorded so late."""
    return _writer(company)("sweep_late", None, {"minutes": minutes})


def _about_license(
    code: MailCode, managers: Sequence[User], license: License, *, at: Instant | None = None, **params: str | int | None
) -> list[Mail]:
    """The mails of one kind to those of the managers who want it. Reads the company and the product once."""
    if not managers:
        return []
    write, page = _writer(license.company), f"/portal/licenses/{license.id}"
    product = license_title(_product_name(license.company, license.product), license)
    given: Params = {"product": product, "order": license.order_id, "page": page, **params}
    mails = [write(code, manager, given, at) for manager in managers]
    return [mail for mail in mails if mail.to]


class _Writer(Protocol):
    """Writes a mail about accounts of one company: to a user, to an address, or to the company itself (None).

    `at`: an instant of which the mail says the day (`date`) or the `time`, in the time zone of its reader.
    """

    def __call__(self, code: MailCode, to: User | str | None, params: Params, at: Instant | None = None) -> Mail: ...


def _writer(company_code: str) -> _Writer:
    """What writes mails about accounts of a company. Reads it, once."""
    company = accounts.read_company(company_code) or Company(company_code, 0, company_code, 0)

    def write(code: MailCode, to: User | str | None, params: Params, at: Instant | None = None) -> Mail:
        email = to.email if isinstance(to, User) else company.support_email if to is None else to
        if code in company.mails_off or (isinstance(to, User) and code in to.mails_off):
            email = ""  # for nobody: what is written does not depend on it
        reader = reader_of(to, company) if isinstance(to, User) else Reader(company.language, company.time_zone)
        then = None if at is None else local(at, reader.zone)
        valid_ms = DIGEST_VALID_MS if code in TO_MANAGERS else DAY_MS
        given = {"name": company.name, "date": then and then.date(), "time": then, **params}
        return write_mail(code, email, company.code, given, valid_ms=valid_ms, language=reader.language)

    return write


def _product_name(company: str, code: str) -> str:
    """What people call a product; its code where there is no such product any more."""
    product = read_product(company, code)
    return code if product is None else product.name


def _user(actor: Actor) -> str | None:
    """The email of a user who did something; None: the vendor did."""
    kind, _, who = actor.name.partition(":")
    return who if kind == "user" else None
