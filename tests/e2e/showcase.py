"""A company with customers, people and devices as they could be, half a year of history behind them.

The environment must stand before this is imported: it is for `tests.e2e.screenshots`, whose engine is its own.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import Invitation, with_invitation
from chalicelib.domain.license import DeviceReport, License, hash_hardware_id
from chalicelib.domain.mail import Mail
from chalicelib.domain.second_factor import STEP_MS, app_code
from chalicelib.domain.terms import Terms
from chalicelib.store import accounts
from chalicelib.usecases import create
from chalicelib.usecases.activate import activate
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_account import change_profile
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.change_license import set_enabled, set_name
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.check import check
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.license_extras import Wanted, grant_features, set_fields
from chalicelib.usecases.license_lookup import LicenseLookup
from chalicelib.usecases.order_managers import change_order
from chalicelib.usecases.passkey_answers import PasskeyAnswer
from chalicelib.usecases.passkeys import add_passkey
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.usecases.scheduled_updates import schedule_update
from chalicelib.usecases.second_factor import offer_secret, turn_on
from chalicelib.usecases.session_list import note_session
from chalicelib.usecases.sessions import open_session
from tests.usecases.authenticator import HOLDER, Authenticator, asked_for_new

COMPANY, MANAGER, PASSWORD = "QBITEC", "maria.berg@studio-nord.example", "a long walk by the sea"
USER_OF_TWO_DEVICES, PROTECTED = "don.joe@studio-nord.example", "kenji.sato@studio-nord.example"
"""License users; the second one has a second factor."""
KEY_HOLDER, NEWCOMER = "ines.moreau@studio-nord.example", "aleksandra.wisniewska@studio-nord.example"
"""License users: one has a passkey, and one the initial password yet."""
BEGINNER = "anna.bauer@studio-nord.example"
"""A license user without a device."""
NEW_MANAGER = "karin.oberg@studio-sued.example"
"""Who manages an order that nobody has used, and may not reset its license."""
CUSTOMER, ORDER = "office@studio-nord.example", "2026-0417"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
_VENDOR, _MANAGER = Actor("admin"), Actor(f"user:{MANAGER}", "203.0.113.20")

_PRODUCTS: tuple[tuple[str, str, Any], ...] = (
    ("revit", "Qbitech for Revit", "user"),
    ("archicad", "Qbitech for Archicad", "user"),
    ("viewer", "Qbitech Viewer", "license-key"),
    ("cloud", "Qbitech Render Node", "license-key"),
)
_PEOPLE = (
    ("don.joe@studio-nord.example", Profile("Don", "Joe", "+47 22 34 56 01"), True),
    ("ines.moreau@studio-nord.example", Profile("Inès", "Moreau", "+33 1 84 88 21 07"), True),
    ("kenji.sato@studio-nord.example", Profile("Kenji", "Satō"), True),
    ("aleksandra.wisniewska@studio-nord.example", Profile("Aleksandra", "Wiśniewska", "+48 22 307 11 90"), False),
)
"""Email, name, and whether the person has chosen a password."""
_MORE = (
    "Anna Bauer",
    "Anna Lang",
    "Astrid Nygård",
    "Bjørn Dahl",
    "Carla Neri",
    "Claire Dubois",
    "Emma Krüger",
    "Erik Solberg",
    "Eva Lindqvist",
    "Friederike Schmidt-Hohenlohe-Langenburg",
    "Greta Holm",
    "Hanna Virtanen",
    "Henrik Aas",
    "Ida Berntsen",
    "Jan de Vries",
    "Jonas Weiß",
    "Karin Öberg",
    "Lars Hagen",
    "Lea Schäfer",
    "Liv Strand",
    "Marek Nowak",
    "Nils Sørensen",
    "Olga Petrova",
    "Pia Moen",
)
"""Others who use the license: a third has chosen a password, a third was invited, a third has an initial one."""
_INVITED, _SECRET = "ben.hartmann@studio-nord.example", "5ec2e7" * 5 + "00"
"""Who was invited three days ago, and what the link says."""
_DEVICES = (
    ("don.joe@studio-nord.example", "NORD-WS-014", "Windows 11 Pro 24H2", "7C-8A-E1-55-02-9B"),
    ("don.joe@studio-nord.example", "NORD-LT-007", "Windows 11 Pro 24H2", "A4-BB-6D-10-77-3E"),
    ("ines.moreau@studio-nord.example", "NORD-WS-021", "Windows 10 Pro 22H2", "7C-8A-E1-55-03-41"),
    ("kenji.sato@studio-nord.example", "NORD-WS-009", "Windows 11 Pro 23H2", "7C-8A-E1-55-01-D8"),
)
"""Who, host name, system, MAC address."""
_LOST = "NORD-LT-007"


@dataclass(frozen=True, slots=True)
class Showcase:
    """What addresses are made of."""

    license: License
    """User-based, with users and devices."""
    key_license: License
    unused: License
    """Of another customer: nobody has it yet, and its manager is new."""
    user_id: int
    """A license user who has not chosen a password yet."""
    device: str
    """What an active device of the license is named by."""
    link: str
    """By which an invited person chooses a password."""


def password_of(email: str) -> str:
    """What a license user has chosen."""
    return f"{PASSWORD} with {email}"


def make(now: Instant) -> Showcase:
    """Make the company; its manager logs in with `MANAGER` and `PASSWORD`."""
    begun = now - 190 * DAY
    create.create_company(COMPANY, "Qbitec", _VENDOR, now=begun)
    set_branding(COMPANY, "#0f6b5c", None, _VENDOR, support_email="support@qbitec.example", now=begun)
    for code, name, method in _PRODUCTS:
        create.create_product(COMPANY, code, name, method, _VENDOR, now=begun)
    revit, viewer = _licenses(now, begun)
    _sell_features(revit, now)
    _people(revit, begun + DAY)
    _protect(PROTECTED, now - DAY)
    _add_passkey(KEY_HOLDER, now - DAY)
    _log_in_elsewhere(MANAGER, now - HOUR // 2)
    devices = _devices(revit, now, begun + 3 * DAY)
    _newcomers(begun + DAY)
    for number, host in enumerate(("reception-imac", "meeting-room-2", "plotter-pc")):
        at = begun + (20 + 31 * number) * DAY
        lookup = LicenseLookup(product="viewer", hardware_id=f"viewer-{host}", license_key=viewer.license_key)
        _activate(
            lookup, None, DeviceReport(lookup.hardware_id, hostname=host, os_ver="macOS 15.5", app_ver="3.2.0"), at
        )
    invited = _invited(revit, now - 3 * DAY)
    return Showcase(revit, viewer, _sold_to_another(now - DAY), _user_id(NEWCOMER), devices[0], invited)


def _licenses(now: Instant, begun: Instant) -> tuple[License, License]:
    """The two that pages show, and others for the list: in each status, and of each type."""
    ends = {"license_type": "subscription", "validity_period": now + 174 * DAY, "grace_period": 14 * 24}
    revit = _issue("revit", begun, max_activations=60, max_license_users=32, **ends)
    viewer = _issue("viewer", begun + 1, license_type="perpetual", max_activations=25)
    _issue("archicad", begun + 40 * DAY, license_type="perpetual", max_activations=4, max_license_users=2)
    trial = {"license_type": "time-limited", "is_trial": True, "validity_period": now - 12 * DAY}
    _issue("cloud", now - 42 * DAY, max_activations=2, **trial)
    late = {"license_type": "subscription", "validity_period": now - 2 * DAY, "grace_period": 14 * 24}
    _issue("cloud", begun + 60 * DAY, max_activations=8, **late)
    lost = _issue("viewer", begun + 75 * DAY, license_type="perpetual", max_activations=1)
    set_enabled(COMPANY, lost.id, False, _MANAGER, now=now - 9 * DAY)
    renewed = {"validity_period": now + 539 * DAY, "max_activations": 80}
    schedule_update(COMPANY, revit.id, now + 173 * DAY, renewed, _VENDOR, note="by phone", now=now - 3 * DAY)
    set_name(COMPANY, revit.id, "Büro Oslo", _MANAGER, now=begun + 2 * DAY)
    set_name(COMPANY, lost.id, "Plotter, old office", _MANAGER, now=begun + 76 * DAY)
    return revit, viewer


def _sell_features(license: License, now: Instant) -> None:
    uses = {"max_consumption": 500, "reset_consumption": True, "consumption_period": "monthly"}
    for code, name, kind, more in (
        ("ifc", "IFC export", "activation", {}),
        ("energy", "Energy analysis", "activation", {}),
        ("render", "Cloud renderings", "consumption", uses),
    ):
        feature = {"code": code, "name": name, "feature_type": kind, **more}
        create_feature(COMPANY, "revit", feature, _VENDOR, now=license.created_at)
    wanted = [Wanted("ifc"), Wanted("energy", now + 40 * DAY), Wanted("render")]
    grant_features(COMPANY, license.id, wanted, _VENDOR, now=license.created_at)
    create_field(COMPANY, "revit", {"name": "Project", "data_type": "text"}, _VENDOR, now=license.created_at)
    set_fields(COMPANY, license.id, {"Project": "Opera quarter, lot 4"}, _VENDOR, now=license.created_at)


def _issue(product: str, at: Instant, **terms: Any) -> License:
    given = Terms(**terms, order_id=ORDER, customer=CUSTOMER)
    return issue_license(COMPANY, product, given, MANAGER, _VENDOR, now=at)[0]


def _people(license: License, at: Instant) -> None:
    _choose_password(MANAGER, PASSWORD, at)
    change_profile(COMPANY, _user_id(MANAGER), Profile("Maria", "Berg", "+47 22 34 56 00"), _MANAGER, now=at)
    for number, (email, profile, has_chosen) in enumerate(_PEOPLE):
        assigned_at = at + number * HOUR
        assign_user(COMPANY, license.id, email, 2, _MANAGER, profile=profile, now=assigned_at)
        if has_chosen:
            _choose_password(email, password_of(email), assigned_at + HOUR)
    for number, name in enumerate(_MORE):
        _more(license, name, number, _day_of(number, at))


def _more(license: License, name: str, number: int, at: Instant) -> None:
    email, (first, last) = _email_of(name), name.split(" ", 1)
    profile = Profile(first, last, f"+47 22 34 56 {10 + number}" if number % 4 else "")
    invite = number % 3 == 1
    assign_user(COMPANY, license.id, email, 1 + number % 2, _MANAGER, profile=profile, invite=invite, now=at)
    if number % 3 == 0:
        _choose_password(email, password_of(email), at + HOUR)


def _day_of(number: int, at: Instant) -> Instant:
    return at + (20 + 6 * number) * DAY + 17 * number * MINUTE


def _newcomers(at: Instant) -> None:
    """Of the others who have a password some begin to work, one after another, once all `_DEVICES` are there."""
    for number, name in list(enumerate(_MORE))[12::3]:
        lookup = LicenseLookup(product="revit", hardware_id=f"8f14e45f-{number}", username=_email_of(name))
        report = DeviceReport(lookup.hardware_id, f"NORD-WS-{100 + number}", "Windows 11 Pro 24H2", app_ver="26.1.3")
        _activate(lookup, password_of(lookup.username or ""), report, _day_of(number, at) + 5 * HOUR)


def _email_of(name: str) -> str:
    return f"{_ascii(name)}@studio-nord.example"


def _ascii(name: str) -> str:
    written = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "ß": "ss", " ": "."}
    return "".join(written.get(letter, letter) for letter in name.lower())


def _invited(license: License, at: Instant) -> str:
    profile = Profile("Ben", "Hartmann")
    user = assign_user(COMPANY, license.id, _INVITED, 2, _MANAGER, profile=profile, now=at).user
    event = Event.new("user_invited", _MANAGER, at, user=user.email, user_id=user.id, invited=1)
    mail = Mail(_INVITED, "You may use it", "", company=COMPANY)
    accounts.invite(user, with_invitation(user, _SECRET, at), license.id, event, mail)
    return Invitation(COMPANY, user.id, _SECRET).text


def _choose_password(email: str, password: str, at: Instant) -> None:
    user = accounts.read_user(COMPANY, _user_id(email))
    assert user is not None
    change_password(COMPANY, email, initial_password(user) or "", password, Actor(f"user:{email}"), now=at)


def _protect(email: str, at: Instant) -> None:
    """Turn a second factor on."""
    user = accounts.read_user(COMPANY, _user_id(email))
    assert user is not None
    offer = offer_secret(user)
    code = app_code(offer.secret, at // STEP_MS)
    given = (COMPANY, user.id, offer.sealed, code, password_of(email), Actor(f"user:{email}"))
    turn_on(*given, epoch=user.session_epoch, now=at)


def _add_passkey(email: str, at: Instant) -> None:
    user = accounts.read_user(COMPANY, _user_id(email))
    assert user is not None
    made = PasskeyAnswer(Authenticator().make(asked_for_new(user, at)), HOLDER)
    given = (COMPANY, user.id, "MacBook", made, password_of(email), Actor(f"user:{email}"))
    add_passkey(*given, epoch=user.session_epoch, now=at)


def _sold_to_another(at: Instant) -> License:
    """A license that nobody has used, in an order whose new manager may not reset it."""
    order = "2026-0518"
    terms = Terms("perpetual", 12, max_license_users=6, order_id=order, customer="office@studio-sued.example")
    license = issue_license(COMPANY, "archicad", terms, NEW_MANAGER, _VENDOR, now=at)[0]
    change_order(COMPANY, order, _VENDOR, denied=frozenset({"reset_license"}), now=at)
    _choose_password(NEW_MANAGER, password_of(NEW_MANAGER), at + HOUR)
    return license


def _log_in_elsewhere(email: str, at: Instant) -> None:
    user = accounts.read_user(COMPANY, _user_id(email))
    assert user is not None
    note_session(open_session(user, now=at), "Safari (iPhone)", "198.51.100.7", now=at)


def _devices(license: License, now: Instant, at: Instant) -> list[str]:
    """Each is activated, and checked a while ago; one was lost, and reset. Answers what they are named by."""
    named = []
    for number, (email, host, system, mac) in enumerate(_DEVICES):
        name = f"8f14e45f-{number}c51-4f0b-9b3e-{mac.replace('-', '').lower()}"
        lookup = LicenseLookup(product="revit", hardware_id=name, username=email)
        report = DeviceReport(
            name, host, system, f"10.20.4.{31 + number}", mac, False, app_ver="26.1.3", sdk_ver="Qbitech SDK 4.2"
        )
        _activate(lookup, password_of(email), report, at + number * 29 * DAY)
        check(COMPANY, lookup, report, _MANAGER, now=now - (4 * DAY if host == _LOST else (2 + 7 * number) * HOUR))
        if host == _LOST:
            reset_device(COMPANY, license.id, name, _MANAGER, now=now - 3 * DAY)
        named.append(f"{hash_hardware_id(name)}-{_user_id(email)}")
    return named


def _activate(lookup: LicenseLookup, password: str | None, report: DeviceReport, at: Instant) -> None:
    activate(COMPANY, lookup, password, report, Actor("api:showcase", "203.0.113.20"), now=at)


def _user_id(email: str) -> int:
    user_id = accounts.user_of_email(COMPANY, email)
    assert user_id is not None, f"{email} has just been made"
    return user_id
