"""What mails say: each function composes one, in plain text and in lines that every mail program shows whole."""

from chalicelib.domain.mail import Mail
from chalicelib.domain.one_time_code import VALID_MS


def code_mail(to: str, company_name: str, company: str, email: str, code: str) -> Mail:
    """The code by which a forgotten password is set anew. `to` is empty where there is no such account."""
    text = _CODE.format(name=company_name, code=code, company=company, email=email, minutes=VALID_MS // 60_000)
    return Mail(to, f"Your code for {company_name}", text, VALID_MS, company)


def seat_mail(to: str, company_name: str, company: str, product: str, who: str) -> Mail:
    """Somebody was given a seat on a license of a product, by `who`."""
    return _notice(to, company_name, company, f"You may use {product}", f"{who} has given you a license of {product}.")


def manager_mail(to: str, company_name: str, company: str, order_id: str, who: str) -> Mail:
    """Somebody came to manage an order."""
    what = f"{who} has made you a license manager of the order {order_id}."
    return _notice(to, company_name, company, "You manage licenses", what)


def password_mail(to: str, company_name: str, company: str, who: str) -> Mail:
    """Somebody else has set the password of an account."""
    what = f"{who} has set a new password for your account. All your sessions are ended."
    return _notice(to, company_name, company, "Your password was set", what)


def own_password_mail(to: str, company_name: str, company: str, how: str) -> Mail:
    """The password of an account was changed as its owner does it; `how`: by what was proved that it is the owner."""
    what = (
        f"The password of your account was changed, {how}.\n"
        "All other sessions are ended. If it was not you, set another one at once."
    )
    return _notice(to, company_name, company, "Your password was changed", what)


def email_mail(to: str, company_name: str, company: str, old: str, new: str, who: str) -> Mail:
    """The e-mail of an account was changed, by `who`."""
    what = f"{who} has changed the e-mail of your account from {old} to {new}."
    return _notice(to, company_name, company, "Your e-mail was changed", what)


def _notice(to: str, company_name: str, company: str, subject: str, what: str) -> Mail:
    text = _NOTICE.format(what=what, name=company_name, company=company, email=to)
    return Mail(to, f"{subject} ({company_name})", text, company=company)


_CODE = """\
Somebody has asked to set a new password for your account at {name}.

    Code:          {code}
    Company code:  {company}
    E-mail:        {email}

Enter the code on the page where you asked for it. It is valid for {minutes} minutes and
works once. If you have asked more than once, only the newest code is valid.

We do not know who asked. If it was not you, you need not do anything: your password
stays as it is. Give this code to nobody; we shall never ask you for it.
"""
_NOTICE = """\
{what}

    Vendor:        {name}
    Company code:  {company}
    E-mail:        {email}

A password that nobody but you has known is set with a code that is mailed to you: "Forgotten
password" on the page where you log in. With such a one you may use all licenses that you were
given; one that was handed to you is for the licenses of who handed it out.

If you did not expect this, ask who did it, or the vendor.
"""
