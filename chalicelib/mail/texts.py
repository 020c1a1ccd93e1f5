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
_UNEXPECTED = mark("If you did not expect this, ask whoever did it, or the vendor.")
_ABOUT: tuple[Block, ...] = (
    _ACCOUNT,
    mark(
        "To set a password that only you know, choose “Forgotten password” on the log-in page: a code is emailed to "
        "you. With such a password you may use all licenses that you were given. A password that somebody has handed "
        "to you works for the licenses of whoever handed it out, and for no others."
    ),
    _UNEXPECTED,
)
_MANAGED: tuple[Block, ...] = (
    ITEM,
    _ACCOUNT,
    mark(
        "You get this email because you manage these licenses, at most once a day for each kind. You can choose which "
        "emails you get:"
    ),
    ((mark("Choose your emails"), "/portal/account/mails"),),
)
_GIVEN = mark("{who} has given you a license for {product}.")
_MAY_USE = mark("You may use {product} ({name})")
_CHANGED = mark("Your password was changed ({name})")
_NOT_YOU = mark("All other sessions have ended. If that was not you, set a new one at once.")

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
            mark("Somebody asked to set a new password for your account at {name}."),
            ((mark("Code"), "{code}"), (mark("Company code"), "{company}"), (mark("Email"), "{email}")),
            mark(
                "Enter the code on the page where you asked for it. It is valid for {minutes} minutes and works once."
                " Of several codes only the newest is valid."
            ),
            mark(
                "We do not know who asked. If it was not you, there is nothing to do: your password stays as it is. Do "
                "not share this code; we will never ask you for it."
            ),
        ),
    ),
    "invitation": Text(
        _MAY_USE,
        (
            _GIVEN,
            mark("Choose a password to start using it:"),
            ((mark("Choose a password"), "{link}"),),
            mark(
                "The link is valid for {days} days and works once. Do not share it: whoever opens it chooses the "
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
        (mark("{who} set a new password for your account. All your sessions have ended."), *_ABOUT),
    ),
    "password_changed": Text(
        _CHANGED,
        (mark("The password of your account was changed by somebody who knew the old one."), _NOT_YOU, *_ABOUT),
    ),
    "password_changed_by_code": Text(
        _CHANGED,
        (mark("The password of your account was changed with a code that was emailed to you."), _NOT_YOU, *_ABOUT),
    ),
    "password_chosen": Text(
        mark("You have a password ({name})"),
        (
            mark(
                "A password was chosen for your account, with the link in your invitation. If that was not you, set a "
                "new one at once."
            ),
            *_ABOUT,
        ),
    ),
    "email_changed": Text(
        mark("Your email was changed ({name})"),
        (mark("{who} changed the email of your account from {old} to {new}."), *_ABOUT),
    ),
    "new_log_in": Text(
        mark("New log-in to your account ({name})"),
        (
            mark(
                "Somebody logged in to your account with the right password, in a browser that was not used for it "
                "before."
            ),
            ((mark("Time"), "{time}"), (mark("Address"), "{address}")),
            mark(
                "If that was you, there is nothing to do. If not, set a new password at once: choose “Forgotten "
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
                "a code of your app, or a passkey. All other sessions have ended."
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
                "Somebody who knows the password of your account, or is logged in to it, has entered ten wrong codes, "
                "or answered with ten wrong passkeys. For an hour nothing of that kind is accepted there; another kind "
                "(a code of your app, a recovery code or a passkey) still works."
            ),
            ((mark("Address"), "{address}"),),
            mark(
                "If it was not you, set another password at once, which ends all sessions: choose “Forgotten password” "
                "on the log-in page."
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
    "passkey_added": Text(
        mark("A passkey was added to your account ({name})"),
        (
            mark("You can now log in to the portal with your password and this passkey."),
            ((mark("Passkey"), "{passkey}"), (mark("Address"), "{address}")),
            _NOT_YOUR_FACTOR,
            _ACCOUNT,
        ),
    ),
    "passkey_removed": Text(
        mark("A passkey was removed from your account ({name})"),
        (
            mark("This passkey can no longer be used to log in to the portal."),
            ((mark("Passkey"), "{passkey}"), (mark("Address"), "{address}")),
            _NOT_YOUR_FACTOR,
            _ACCOUNT,
        ),
    ),
    "license_ends": _to_managers(
        mark("Licenses that end soon ({name})"),
        mark("These licenses that you manage end soon:"),
        mark("Ends"),
        "{date}, {in_days}",
    ),
    "license_grace": _to_managers(
        mark("Licenses in their grace period ({name})"),
        mark("These licenses that you manage have ended. They still work until their grace period is over:"),
        mark("Stops"),
        "{date}",
    ),
    "license_expired": _to_managers(
        mark("Licenses that have ended ({name})"),
        mark("These licenses that you manage have ended and can no longer be used:"),
        mark("Ended"),
        "{date}",
    ),
    "users_taken": _to_managers(
        mark("Licenses without a free seat ({name})"),
        mark(
            "These licenses that you manage have no free seat. To assign somebody else, remove a user, or ask the "
            "vendor for more:"
        ),
        mark("Users"),
        "{used} / {limit}{over}",
    ),
    "devices_taken": _to_managers(
        mark("Licenses without a free activation ({name})"),
        mark(
            "These licenses that you manage are active on all the devices that they allow. To activate another one, "
            "reset a device, or ask the vendor for more:"
        ),
        mark("Devices"),
        "{used} / {limit}{over}",
    ),
    "invitation_bounced": _to_managers(
        mark("Invitations that did not arrive ({name})"),
        mark("The invitations to these people could not be delivered. Check whether their addresses are right:"),
        mark("Invited"),
        "{address}",
    ),
    "endpoint_disabled": Text(
        mark("A webhook endpoint was disabled ({name})"),
        (
            mark("One of your endpoints has failed for {days} days. It is disabled and no longer gets events."),
            ((mark("Endpoint"), "{endpoint}"),),
            mark("Enable it once it responds again. The events that it missed can be sent again."),
            _ACCOUNT,
        ),
    ),
    "sweep_late": Text(
        mark("Scheduled changes are late ({name})"),
        (
            mark(
                "Scheduled changes of licenses are being recorded late, by {minutes} minutes at the moment. Licenses "
                "still end on time, but events and emails about it come late. The log of the server says more."
            ),
            _ACCOUNT,
        ),
    ),
}
VENDOR = mark("The vendor")
"""Who has done something, where it was no user."""
