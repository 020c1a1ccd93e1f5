"""What mails say in English: plain text, in lines that every mail program shows whole."""

from chalicelib.mail.catalog import Catalog

_ABOUT = """
    Vendor:        {name}
    Company code:  {company}
    E-mail:        {email}

To set a password that only you know, choose "Forgotten password" on the log-in page: a code is
mailed to you. With such a password you may use all licenses that you were given. A password that
somebody has handed to you works for the licenses of whoever handed it out, and for no others.

If you did not expect this, ask who did it, or the vendor.
"""

ENGLISH = Catalog(
    {
        "code_requested": (
            "Your code for {name}",
            """\
Somebody has asked to set a new password for your account at {name}.

    Code:          {code}
    Company code:  {company}
    E-mail:        {email}

Enter the code on the page where you asked for it. It is valid for {minutes} minutes and
works once. If you have asked more than once, only the newest code is valid.

We do not know who asked. If it was not you, you need not do anything: your password
stays as it is. Give this code to nobody; we shall never ask you for it.
""",
        ),
        "invitation": (
            "You may use {product} ({name})",
            """\
{who} has given you a license of {product}.

Choose a password, and you may use it:

    Choose a password:  {link}

The link is valid for {days} days and works once. Give it to nobody: whoever opens it chooses
the password.

    Vendor:        {name}
    Company code:  {company}
    E-mail:        {email}

If you did not expect this, ask who did it, or the vendor.
""",
        ),
        "seat_given": ("You may use {product} ({name})", "{who} has given you a license of {product}.\n" + _ABOUT),
        "order_given": (
            "You manage licenses ({name})",
            "{who} has made you a license manager of the order {order}.\n" + _ABOUT,
        ),
        "password_set": (
            "Your password was set ({name})",
            "{who} has set a new password for your account. All your sessions are ended.\n" + _ABOUT,
        ),
        "password_changed": (
            "Your password was changed ({name})",
            "The password of your account was changed by somebody who knew the old one.\n"
            "All other sessions are ended. If it was not you, set another one at once.\n" + _ABOUT,
        ),
        "password_changed_by_code": (
            "Your password was changed ({name})",
            "The password of your account was changed with a code that was mailed to you.\n"
            "All other sessions are ended. If it was not you, set another one at once.\n" + _ABOUT,
        ),
        "password_chosen": (
            "You have a password ({name})",
            "A password was chosen for your account, by the link in the mail that has invited you.\n"
            "If it was not you, set another one at once.\n" + _ABOUT,
        ),
        "email_changed": (
            "Your e-mail was changed ({name})",
            "{who} has changed the e-mail of your account from {old} to {new}.\n" + _ABOUT,
        ),
    },
    vendor="The vendor",
    portal="Portal",
    support="Support",
)
