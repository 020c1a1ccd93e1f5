"""What mails say, in English: paragraphs and rows, that `messages.write_mail` translates and fills in.

Parameters stand in them by name: `name` and `company` of the vendor, `email`, and others. `who` begins a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.mail import MailCode
from chalicelib.languages import mark

Rows = tuple[tuple[str, str], ...]
"""Labels, and what stands behind them. A row without a value is left out."""
Block = str | Rows
"""A paragraph, or rows."""
ITEM: Rows = ()
"""Where the rows about one license stand, in a mail to managers."""


@dataclass(frozen=True, slots=True)
class Text:
    """A mail."""

    subject: str
    blocks: tuple[Block, ...]
    item: Rows = ()
    """What stands at `ITEM`."""


_ACCOUNT: Rows = ((mark("Vendor"), "{name}"), (mark("Company code"), "{company}"), (mark("Email"), "{email}"))
_UNEXPECTED = mark("If you did not expect this, ask who did it, or the vendor.")
_ABOUT: tuple[Block, ...] = (
    _ACCOUNT,
    mark(
        "To set a password that only you know, choose “Forgotten password” on the log-in page: a code is mailed to "
        "you. With such a password you may use all licenses that you were given. A password that somebody has handed "
        "to you works for the licenses of whoever handed it out, and for no others."
    ),
    _UNEXPECTED,
)
_MANAGED: tuple[Block, ...] = (
    ITEM,
    _ACCOUNT,
    mark(
        "You are mailed this because you manage these licenses, of each kind once a day at most. Which mails you get,"
        " you choose yourself:"
    ),
    ((mark("Choose your mails"), "/portal/account/mails"),),
)
_GIVEN = mark("{who} has given you a license of {product}.")
_MAY_USE = mark("You may use {product} ({name})")
_CHANGED = mark("Your password was changed ({name})")
_NOT_YOU = mark("All other sessions are ended. If it was not you, set another one at once.")

_NOT_YOUR_FACTOR = mark(
    "If it was not you, set another password at once (“Forgotten password” on the log-in page), and write to the "
    "vendor, who can turn two-factor log-in off."
)


def _to_managers(subject: str, text: str, label: str, value: str) -> Text:
    license: Rows = (
        (mark("Product"), "{product}"),
        (mark("Order"), "{order}"),
        (label, value),
        (mark("License"), "{page}"),
    )
    return Text(subject, (text, *_MANAGED), license)


TEXTS: Mapping[MailCode, Text] = {
    "code_requested": Text(
        mark("Your code for {name}"),
        (
            mark("Somebody has asked to set a new password for your account at {name}."),
            ((mark("Code"), "{code}"), (mark("Company code"), "{company}"), (mark("Email"), "{email}")),
            mark(
                "Enter the code on the page where you asked for it. It is valid for {minutes} minutes and works once."
                " Of several codes only the newest is valid."
            ),
            mark(
                "We do not know who asked. If it was not you, you need not do anything: your password stays as it is."
                " Give this code to nobody; we shall never ask you for it."
            ),
        ),
    ),
    "invitation": Text(
        _MAY_USE,
        (
            _GIVEN,
            mark("Choose a password, and you may use it:"),
            ((mark("Choose a password"), "{link}"),),
            mark(
                "The link is valid for {days} days and works once. Give it to nobody: whoever opens it chooses the "
                "password."
            ),
            _ACCOUNT,
            _UNEXPECTED,
        ),
    ),
    "seat_given": Text(_MAY_USE, (_GIVEN, *_ABOUT)),
    "order_given": Text(
        mark("You manage licenses ({name})"),
        (mark("{who} has made you a license manager of the order {order}."), *_ABOUT),
    ),
    "password_set": Text(
        mark("Your password was set ({name})"),
        (mark("{who} has set a new password for your account. All your sessions are ended."), *_ABOUT),
    ),
    "password_changed": Text(
        _CHANGED,
        (mark("The password of your account was changed by somebody who knew the old one."), _NOT_YOU, *_ABOUT),
    ),
    "password_changed_by_code": Text(
        _CHANGED,
        (mark("The password of your account was changed with a code that was mailed to you."), _NOT_YOU, *_ABOUT),
    ),
    "password_chosen": Text(
        mark("You have a password ({name})"),
        (
            mark(
                "A password was chosen for your account, by the link in the mail that has invited you. If it was not "
                "you, set another one at once."
            ),
            *_ABOUT,
        ),
    ),
    "email_changed": Text(
        mark("Your email was changed ({name})"),
        (mark("{who} has changed the email of your account from {old} to {new}."), *_ABOUT),
    ),
    "new_log_in": Text(
        mark("New log-in to your account ({name})"),
        (
            mark(
                "Somebody has logged in to your account, in a browser that was not used for it before, and with the "
                "right password."
            ),
            ((mark("Time"), "{time}"), (mark("Address"), "{address}")),
            mark(
                "If it was you, you need not do anything. If not, set another password at once: choose “Forgotten "
                "password” on the log-in page. That also ends all sessions."
            ),
            _ACCOUNT,
        ),
    ),
    "second_factor_on": Text(
        mark("Two-factor log-in is on ({name})"),
        (
            mark(
                "Two-factor log-in was turned on for your account: besides the password, a log-in to the portal takes "
                "a code that an app on your phone shows. All other sessions are ended."
            ),
            _NOT_YOUR_FACTOR,
            _ACCOUNT,
        ),
    ),
    "second_factor_off": Text(
        mark("Two-factor log-in is off ({name})"),
        (
            mark(
                "{who} has turned two-factor log-in off for your account: a log-in to the portal takes the password "
                "alone."
            ),
            _NOT_YOUR_FACTOR,
            _ACCOUNT,
        ),
    ),
    "second_factor_locked": Text(
        mark("Somebody guesses at the codes of your log-in ({name})"),
        (
            mark(
                "Somebody has entered the right password of your account, and then ten wrong codes. For an hour no "
                "codes of your app are taken; a recovery code is."
            ),
            ((mark("Address"), "{address}"),),
            mark(
                "If it was not you, your password is known to somebody else: set another one at once. Choose “Forgotten"
                " password” on the log-in page."
            ),
            _ACCOUNT,
        ),
    ),
    "recovery_codes_made": Text(
        mark("You have new recovery codes ({name})"),
        (
            mark("New recovery codes were made for your account. Those of before are void."),
            _NOT_YOUR_FACTOR,
            _ACCOUNT,
        ),
    ),
    "recovery_code_used": Text(
        mark("A recovery code was used ({name})"),
        (
            mark("Somebody has logged in to your account with the right password and one of your recovery codes."),
            ((mark("Address"), "{address}"), (mark("Codes left"), "{left}")),
            _NOT_YOUR_FACTOR,
            _ACCOUNT,
        ),
    ),
    "license_ends": _to_managers(
        mark("Licenses that end soon ({name})"),
        mark("Of the licenses that you manage, these end soon:"),
        mark("Ends"),
        "{date}, {in_days}",
    ),
    "license_grace": _to_managers(
        mark("Licenses in their grace period ({name})"),
        mark("Of the licenses that you manage, these have ended. They go on for a while, and stop then:"),
        mark("Stops"),
        "{date}",
    ),
    "license_expired": _to_managers(
        mark("Licenses that have ended ({name})"),
        mark("Of the licenses that you manage, these have ended, and cannot be used any more:"),
        mark("Ended"),
        "{date}",
    ),
    "users_taken": _to_managers(
        mark("Licenses without a free seat ({name})"),
        mark(
            "Of the licenses that you manage, these have as many users as they may have. To assign somebody else, "
            "remove a user, or ask the vendor for more:"
        ),
        mark("Users"),
        "{limit}",
    ),
    "devices_taken": _to_managers(
        mark("Licenses without a free activation ({name})"),
        mark(
            "Of the licenses that you manage, these are active on as many devices as they may be. To activate another"
            " one, reset a device, or ask the vendor for more:"
        ),
        mark("Devices"),
        "{limit}",
    ),
    "invitation_bounced": _to_managers(
        mark("Invitations that did not arrive ({name})"),
        mark("These people could not be mailed their invitation. Look whether the address is right:"),
        mark("Address"),
        "{address}",
    ),
    "endpoint_disabled": Text(
        mark("A webhook endpoint was disabled ({name})"),
        (
            mark("An endpoint of yours has failed for {days} days. It is disabled, and gets no events any more."),
            ((mark("Endpoint"), "{endpoint}"),),
            mark("Enable it once it answers again. What it has missed can be sent again."),
            _ACCOUNT,
        ),
    ),
    "sweep_late": Text(
        mark("What is due is late ({name})"),
        (
            mark(
                "What becomes of licenses by time alone is recorded late, by {minutes} minutes now. They end in time "
                "all the same; but events and mails about it come late. Whoever runs the server finds more in its "
                "log."
            ),
            _ACCOUNT,
        ),
    ),
}
VENDOR = mark("The vendor")
"""Who has done something, where it was no user."""
