"""What mails say: each function composes one, in plain text and in lines that every mail program shows whole."""

from chalicelib.domain.mail import Mail
from chalicelib.domain.one_time_code import VALID_MS


def code_mail(to: str, company_name: str, company: str, email: str, code: str) -> Mail:
    """The code by which a forgotten password is set anew. `to` is empty where there is no such account."""
    text = _CODE.format(name=company_name, code=code, company=company, email=email, minutes=VALID_MS // 60_000)
    return Mail(to, f"Your code for {company_name}", text, VALID_MS, company)


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
