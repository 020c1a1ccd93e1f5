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

_SHORT = """
    Vendor:        {name}
    Company code:  {company}
    E-mail:        {email}
"""
_MANAGED = (
    "\n\n{item}"
    + _SHORT
    + """
You are mailed this because you manage these licenses, of each kind once a day at most. Which mails
you get, you choose yourself:

    Choose your mails:  /portal/account/mails
"""
)


def _license(fact: str) -> str:
    return f"""\
    Product:       {{product}}
    Order:         {{order}}
    {fact}
    License:       {{page}}
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
works once. Of several codes only the newest is valid.

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
        "new_log_in": (
            "New log-in to your account ({name})",
            """\
Somebody has logged in to your account, in a browser that was not used for it before, and with the
right password.

    Time:          {time}
    Address:       {address}

If it was you, you need not do anything. If not, set another password at once: choose "Forgotten
password" on the log-in page. That also ends all sessions.
"""
            + _SHORT,
        ),
        "license_ends": (
            "Licenses that end soon ({name})",
            "Of the licenses that you manage, these end soon:" + _MANAGED,
        ),
        "license_grace": (
            "Licenses in their grace period ({name})",
            "Of the licenses that you manage, these have ended. They go on for a while, and stop then:" + _MANAGED,
        ),
        "license_expired": (
            "Licenses that have ended ({name})",
            "Of the licenses that you manage, these have ended, and cannot be used any more:" + _MANAGED,
        ),
        "users_taken": (
            "Licenses without a free seat ({name})",
            "Of the licenses that you manage, these have as many users as they may have. To assign somebody\n"
            "else, remove a user, or ask the vendor for more:" + _MANAGED,
        ),
        "devices_taken": (
            "Licenses without a free activation ({name})",
            "Of the licenses that you manage, these are active on as many devices as they may be. To activate\n"
            "another one, reset a device, or ask the vendor for more:" + _MANAGED,
        ),
        "invitation_bounced": (
            "Invitations that did not arrive ({name})",
            "These people could not be mailed their invitation. Look whether the address is right:" + _MANAGED,
        ),
        "endpoint_disabled": (
            "A webhook endpoint was disabled ({name})",
            """\
An endpoint of yours has failed for {days} days. It is disabled, and gets no events any more.

    Endpoint:      {endpoint}

Enable it once it answers again. What it has missed can be sent again.
"""
            + _SHORT,
        ),
        "sweep_late": (
            "What is due is late ({name})",
            """\
What becomes of licenses by time alone is recorded late, by {minutes} minutes now. They end in time all
the same; but events and mails about it come late. Whoever runs the server finds more in its log.
"""
            + _SHORT,
        ),
    },
    {
        "license_ends": _license("Ends:          {date}, in {in_days}"),
        "license_grace": _license("Stops:         {date}"),
        "license_expired": _license("Ended:         {date}"),
        "users_taken": _license("Users:         {limit}"),
        "devices_taken": _license("Devices:       {limit}"),
        "invitation_bounced": _license("Address:       {address}"),
    },
    vendor="The vendor",
    date="%-d %b %Y",
    in_days=("{days} day", "{days} days"),
    portal="Portal",
    support="Support",
)
