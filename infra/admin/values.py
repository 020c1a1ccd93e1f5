"""From what stands on the command line to the domain's values.

Each function raises ValueError with a sentence that follows the option's name, or `Invalid` as the domain's rules do.
White space around a value is a slip of the hand and is cut, but not where a client could mean it: in a hardware id.
"""

from collections.abc import Callable
from typing import get_args

from chalicelib.domain import catalog, color, days, hosts, instants, public_events, users, webhooks
from chalicelib.domain.counts import read_count
from chalicelib.domain.days import Moment
from chalicelib.domain.email import known_email, normalize_email, optional_email
from chalicelib.domain.ids import new_event_key
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Period
from chalicelib.domain.mail import OF_COMPANY, MailCode
from chalicelib.domain.pasted import visible
from chalicelib.domain.permissions import PERMISSIONS, Permission
from chalicelib.domain.source_rows import System
from chalicelib.domain.types import Json
from chalicelib.domain.usage import USAGE_DAYS
from chalicelib.domain.variables import MAX_NAME, MAX_VALUE
from chalicelib.web.strict_json import parse_json

MAX_ID = 2**53 - 1
MAX_TEXT, MAX_HARDWARE_ID = 200, 255  # characters
UNLIMITED = "unlimited"
SYSTEMS = get_args(System)
"""From which licenses are imported."""


def text(given: str) -> str:
    """One line of printable characters: a name, a key, an order."""
    value = given.strip()
    if not (1 <= len(value) <= MAX_TEXT and value.isprintable()):
        raise ValueError(f"give 1 to {MAX_TEXT} printable characters.")
    return value


def name(given: str) -> str:
    """What people call a company or a product."""
    return catalog.display_name(text(given))


def person_name(given: str) -> str:
    """A first or a last name."""
    return users.person_name(text(given))


def person_name_or_none(given: str) -> str:
    """The same; empty for none."""
    return person_name(given) if given.strip() else ""


def phone_or_none(given: str) -> str:
    """A phone number; empty for none."""
    return phone_number(given) if given.strip() else ""


def phone_number(given: str) -> str:
    """A phone number, however it is written."""
    return users.phone_number(text(given))


def company(given: str) -> str:
    """A company's code, in capitals."""
    return catalog.company_code(given)


def product(given: str) -> str:
    """A product's code."""
    return catalog.product_code(given.strip())


def product_or_all(given: str) -> str:
    """A product's code; empty for all products."""
    return product(given) if given.strip() else ""


def url(given: str) -> str:
    """Where a webhook goes; whether it may go there the use cases say."""
    return webhooks.checked_url(given, may_be_private=True)


def event_pattern(given: str) -> str:
    """A type of event that leaves the house, or a pattern of types."""
    return public_events.pattern(given.strip())


def email(given: str) -> str:
    """An email in its stored form; whether an account may be made of it, the use cases say."""
    return known_email(given)


def new_email(given: str) -> str:
    """An email that an account may be given, in its stored form."""
    return normalize_email(given)


def origin(given: str) -> str:
    """The origin of a page, as browsers write it."""
    return catalog.web_origin(given)


def email_or_none(given: str) -> str:
    """An email in its stored form; empty for none."""
    return optional_email(given)


def mail_kinds(given: str) -> frozenset[MailCode]:
    """Kinds of mail that a company may switch off, with commas between them; empty for none."""
    named = {name.strip() for name in given.split(",")} - {""}
    if unknown := named - OF_COMPANY:
        raise ValueError(f"{', '.join(sorted(unknown))}: a company switches off {', '.join(sorted(OF_COMPANY))}.")
    return OF_COMPANY & named


def permissions(given: str) -> frozenset[Permission]:
    """What managers of an order may be denied, with commas between; empty for nothing."""
    named = {name.strip() for name in given.split(",")} - {""}
    if unknown := named - set(PERMISSIONS):
        raise ValueError(f"{', '.join(sorted(unknown))}: managers may be denied {', '.join(PERMISSIONS)}.")
    return frozenset(permission for permission in PERMISSIONS if permission in named)


def portal_host(given: str) -> str:
    """A host in its stored form; empty for none."""
    return hosts.portal_host(given)


def accent(given: str) -> str:
    """A color as #rrggbb; empty for ours."""
    return color.accent_color(given)


def license_id(given: str) -> int:
    """A license's id, as JavaScript can count it."""
    return _id(given, "license")


def device_id(given: str) -> int:
    """A device's id, likewise."""
    return _id(given, "device")


def webhook_id(given: str) -> int:
    """A webhook's id, likewise."""
    return _id(given, "webhook")


def feature_id(given: str) -> int:
    """A feature's id, likewise."""
    return _id(given, "feature")


def policy_id(given: str) -> int:
    """A license policy's id, likewise."""
    return _id(given, "license policy")


def update_id(given: str) -> int:
    """A scheduled update's id, likewise."""
    return _id(given, "scheduled update")


def field_id(given: str) -> int:
    """The id of a custom field, likewise."""
    return _id(given, "custom field")


def customer_id(given: str) -> int:
    """The id of a customer, a label or a customer account, likewise."""
    return _id(given, "customer, label or account")


def customer_id_or_none(given: str) -> int:
    """The id of a customer account; 0 for an empty one: none."""
    return customer_id(given) if given.strip() else 0


def user_id(given: str) -> int:
    """The id of an account, likewise."""
    return _id(given, "account")


def management_key_id(given: str) -> int:
    """The id of a key of the Management API, likewise."""
    return _id(given, "key")


def license_name(given: str) -> int | str:
    """A license's id, or its key."""
    return license_id(given) if _digits(given) is not None else text(given)


def count(given: str) -> int:
    """How many, from 0."""
    value = read_count(given)
    if value is None or value > MAX_ID:
        raise ValueError(f"{given!r} is no whole number from 0.")
    return value


def rows(given: str) -> int:
    """How many rows of a list, from 1."""
    value = read_count(given)
    if not value or value > MAX_ID:
        raise ValueError(f"{given!r} is no whole number from 1.")
    return value


def day_count(given: str) -> int:
    """How many days, from 1 to 90."""
    value = read_count(given)
    if not value or value > USAGE_DAYS:
        raise ValueError(f"{given!r} is no whole number from 1 to {USAGE_DAYS}.")
    return value


def limit(given: str) -> int | None:
    """How many at most; None for `unlimited`."""
    if given.strip().lower() == UNLIMITED:
        return None
    try:
        return count(given)
    except ValueError:
        raise ValueError(f"{given!r} is neither a whole number from 0 nor the word {UNLIMITED}.") from None


def transfers(given: str) -> int:
    """How often a license may move: -1 never, 0 without limit."""
    return -1 if given.strip() == "-1" else count(given)


def instant(given: str) -> Instant:
    """A date, or an instant; without a zone, of UTC."""
    return instants.from_iso(given.strip())


def moment(given: str) -> Moment:
    """A date, which is a day of the company's, or an instant; without a zone, of UTC."""
    return days.read_moment(given.strip())


def moment_or_none(given: str) -> Moment | None:
    """The same; None for an empty one."""
    return moment(given) if given.strip() else None


def time_zone(given: str) -> str:
    """An IANA name; empty for UTC."""
    return days.time_zone(given)


def clock(given: str) -> Instant:
    """An instant that the clock may show: one that history can be written at."""
    at = instant(given)
    new_event_key(at + 1)
    return at


def duration(given: str) -> str:
    """A duration such as 30d, 12m or 1y."""
    return str(instants.parse_duration(given.strip()))


def yes_or_no(given: str) -> bool:
    """Whether it is so."""
    return one_of("yes", "no")(given.lower()) == "yes"


def yes_or_no_or_none(given: str) -> bool | None:
    """The same; None for an empty one."""
    return yes_or_no(given) if given.strip() else None


def text_or_none(given: str) -> str:
    """One line of printable characters, or nothing."""
    return text(given) if given.strip() else ""


def lasting(given: str) -> str | None:
    """How long, as `duration`; None for an empty one."""
    return duration(given) if given.strip() else None


def period_or_none(given: str) -> str | None:
    """How often uses begin anew; None for `never`."""
    period = one_of("never", *get_args(Period))(given)
    return None if period == "never" else period


def json_object(given: str) -> Json:
    """An object of JSON."""
    read = parse_json(given.encode())
    if isinstance(read, dict):
        return read
    raise ValueError("give an object of JSON: names and values between { and }.")


def pair(given: str) -> tuple[str, str]:
    """A name and a value, with `=` between them."""
    name, equals, value = given.partition("=")
    if not equals or not name.strip():
        raise ValueError(f"{given!r} is no NAME=VALUE.")
    return name.strip(), value.strip()


def variable(given: str) -> tuple[str, str]:
    """The name and the value of a device variable, likewise."""
    name, value = pair(given)
    if len(name) > MAX_NAME or len(value) > MAX_VALUE:
        raise ValueError(f"give at most {MAX_NAME} characters of a name and {MAX_VALUE} of a value.")
    return name, value


def feature(given: str) -> tuple[str, Moment | None]:
    """The code of a feature, and its end where one stands behind `=`."""
    code, _, end = given.partition("=")
    return text(code), moment(end) if end.strip() else None


def lasting_feature(given: str) -> tuple[str, str | None]:
    """The code of a feature, and how long it lasts where that stands behind `=`."""
    code, _, time = given.partition("=")
    return text(code), lasting(time)


def hardware_id(given: str) -> str:
    """What a client calls its device, to the letter."""
    if not 1 <= len(given) <= MAX_HARDWARE_ID:
        raise ValueError(f"give 1 to {MAX_HARDWARE_ID} characters.")
    return given


def one_of(*words: str) -> Callable[[str], str]:
    """The reader of a closed list."""

    def read(given: str) -> str:
        if given.strip() not in words:
            raise ValueError(f"{given!r} is none of {', '.join(words)}.")
        return given.strip()

    return read


def _id(given: str, of: str) -> int:
    value = _digits(given)
    if value is None or not 1 <= value <= MAX_ID:
        raise ValueError(f"{given!r} is no {of} id: a whole number from 1 to {MAX_ID}.")
    return value


def _digits(given: str) -> int | None:
    # An id is copied, and stands there as it is: int() would take 1_000, signs, and the digits of all alphabets.
    digits = visible(given[:MAX_TEXT])
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 16 else None
