"""The command for support: why a call was refused, whether it would be now, and what is on record of it."""

from chalicelib.domain.access import opens
from chalicelib.domain.errors import LimitReached, SeatkeeperError
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License, Seat, ends_at, is_live, prevents_vm, status
from chalicelib.domain.limits import LICENSE_TRANSFERS
from chalicelib.domain.refusals import Refusal
from chalicelib.domain.slots import is_floating
from chalicelib.domain.types import Json
from chalicelib.usecases.create import find_company
from chalicelib.usecases.explain import (
    Explanation,
    Subject,
    find_license_id,
    find_refusal,
    recorded_refusals,
)
from chalicelib.usecases.explain import explain as explained
from chalicelib.web.refusal_messages import refusal_message
from infra.admin.command_result import CommandResult
from infra.admin.parser import UsageError

MOST_REFUSALS = 50
"""That are answered, the newest."""


def explain(
    company: str,
    license: int | str | None,
    hardware_id: str | None,
    email: str | None,
    request_id: str | None,
    *,
    now: Instant,
) -> CommandResult:
    if license is None and hardware_id is None and email is None and request_id is None:
        raise UsageError("Say whom it is about: --license, --hardware-id, --email or --request-id.")
    code = find_company(company).code
    subject = _subject(code, license, hardware_id, email, request_id, now)
    found = explained(code, subject, now=now)
    refusals = recorded_refusals(code, subject, now=now)
    document: Json = {"company": code, "hardware_id": subject.hardware_id, "email": subject.email}
    document["licenses"] = [_row(one, now) for one in found]
    if len(found) == 1:
        document["allows"] = _allows(found[0], now) + ([_account(found[0])] if subject.email else [])
        document["now"] = _now(found[0], subject)
    return CommandResult(document | {"refusals": [_refusal(one) for one in refusals[:MOST_REFUSALS]]}, _note(found))


def _subject(
    company: str,
    license: int | str | None,
    hardware_id: str | None,
    email: str | None,
    request_id: str | None,
    now: Instant,
) -> Subject:
    """What was given, and what the record of a request id adds to it. Raises `UsageError`."""
    license_id = find_license_id(company, license) if isinstance(license, str) else license
    if license is not None and license_id is None:
        raise UsageError(f"No license of {company} has the key {license!a}.")
    if request_id is None:
        return Subject(license_id, hardware_id, email)
    refusal = find_refusal(company, request_id, now=now)
    if refusal is None:
        raise UsageError(f"No record of a refused call has the request id {request_id!a}; the log may have one.")
    return Subject(license_id or refusal.license_id, hardware_id or refusal.hardware_id, email or refusal.email)


def _note(found: list[Explanation]) -> str:
    if len(found) > 1:
        return "Name one license with --license for what it allows."
    return "" if found else "No license is known of these."


def _row(one: Explanation, now: Instant) -> Json:
    """How a license stands to a device and a user: with codes of the License API; None: it would be accepted."""
    license = _license(one)
    reached = one.activation if isinstance(one.activation, LimitReached) else None
    limit = {"limit": reached and reached.limit, "used": reached and reached.used}
    named = {"license": license.id, "product": license.product, "status": status(license, now)}
    verdicts = {"activation": _code(one.activation), "check": _code(one.check), "log_in": _code(one.log_in)}
    return named | verdicts | limit


def _now(one: Explanation, subject: Subject) -> list[str]:
    """Whether the calls would be accepted now, in sentences."""
    if one.activation is not None and one.activation.code == "missing_parameters":
        return ["Its devices are those of users: name one with --email."]
    device = "a device that is new on the license" if subject.hardware_id is None else f"device {subject.hardware_id}"
    who = f"{device[:1].upper()}{device[1:]}" + (f", used by {subject.email}," if subject.email else "")
    sentences = [f"{who} {_would(one.activation, 'be activated')}"]
    if subject.hardware_id is not None:
        sentences.append(f"A check by it {_would(one.check, 'be answered')}")
    if subject.email is not None and one.log_in is None:
        sentences.append("Whether the password is right is not asked here.")
    return sentences


def _would(denied: SeatkeeperError | None, accepted: str) -> str:
    if denied is None:
        return f"would {accepted}."
    reached = (denied.limit, denied.used) if isinstance(denied, LimitReached) else ()
    waiting = "" if denied.retry_after is None else f"; it ends by itself in {denied.retry_after} seconds"
    return f"would be refused: {refusal_message(denied.code, *reached)} ({denied.code}){waiting}."


def _allows(one: Explanation, now: Instant) -> list[str]:
    """What the license, the seat and the product allow, in sentences."""
    license, snapshot = _license(one), one.snapshot
    sentences = [
        _devices(license),
        _state(license, now),
        _transfers(license),
    ]
    if license.authorization_method == "user":
        sentences.append(f"Users: {license.users_assigned} of {_most(license.max_license_users)} assigned.")
        sentences.append(_seat(license, snapshot.seat))
    if is_floating(license):
        held = f"each for {license.floating_timeout} minutes after a check"
        sentences.append(f"Slots: {snapshot.slots_in_use} of {license.floating_users} in use, {held}.")
    if snapshot.blocked:
        sentences.append("The device is blacklisted here.")
    if snapshot.device is not None:
        live = is_live(snapshot.device, license, snapshot.seat)
        state = "is active" if live else "was active, and is no more"
        sentences.append(f"The device {state}; it was last heard of at {to_iso(snapshot.device.last_check_at)}.")
    if one.product is None or one.product.state != "active":
        sentences.append(f"The product is {'gone' if one.product is None else one.product.state}.")
    elif prevents_vm(license, one.product.prevent_vm):
        sentences.append("Virtual machines are refused.")
    return sentences


def _account(one: Explanation) -> str:
    """Whether the account of the email that was named can be used here."""
    if one.user is None:
        return "There is no account with this email."
    if one.user.closed_at is not None:
        return f"The account was closed at {to_iso(one.user.closed_at)}."
    if not opens(one.user, _license(one)):
        return "The account's password is for other licenses: a mailed code, or set-password, sets one that opens this."
    return "The account is open, and its password opens this license."


def _state(license: License, now: Instant) -> str:
    """Phase and dates."""
    begins = "" if license.start_date is None else f" from {to_iso(license.start_date)}"
    ends = " without end" if license.validity_period is None else f" until {to_iso(license.validity_period)}"
    if license.validity_period is None and license.valid_duration:
        ends = f" for {license.valid_duration} from the first activation"
    over = ends_at(license.validity_period, license.grace_period) if license.grace_period else None
    grace = "" if over is None else f", with grace until {to_iso(over)}"
    by = f" (by the {license.disabled_by or 'vendor'})" if not license.enabled else ""
    return f"Status: {status(license, now)}{by}; valid{begins}{ends}{grace}."


def _devices(license: License) -> str:
    of = f"Devices: {license.times_activated} of {_most(license.max_activations)} in use"
    beyond = f", and {_most(license.most_activations)} let in by its overage ({license.overage})"
    return f"{of}{'' if license.overage == 'none' else beyond}."


def _transfers(license: License) -> str:
    most = LICENSE_TRANSFERS.most(license)
    if most is None:
        return "Transfers to other devices: without limit."
    return f"Transfers to other devices: {license.transfer_count} of {most} used." if most else "No transfers."


def _seat(license: License, seat: Seat | None) -> str:
    if seat is None:
        return "The user has no seat on it."
    return f"{seat.email} has a seat: {seat.activations_in(license)} of {_most(seat.max_activations)} devices in use."


def _most(limit: int | None) -> str:
    return "any number" if limit is None else str(limit)


def _code(denied: SeatkeeperError | None) -> str | None:
    return None if denied is None else denied.code


def _license(one: Explanation) -> License:
    assert one.snapshot.license is not None, "only licenses that are there are explained"
    return one.snapshot.license


def _refusal(one: Refusal) -> Json:
    """Where it stands for several, `at`, `ip` and `request_id` are of the first, and those with `last_` of the last."""
    again = one.times > 1
    what = {"at": to_iso(one.at), "last_at": to_iso(one.newest_at) if again else None, "times": one.times}
    why = {"call": one.call, "code": one.code, "because": refusal_message(one.code, one.limit, one.used)}
    whose = {"license": one.license_id, "product": one.product, "email": one.email}
    where = {"hardware_id": one.hardware_id, "hostname": one.hostname, "ip": one.ip, "request_id": one.request_id}
    last = {"last_ip": one.last_ip if again else None, "last_request_id": one.last_request_id if again else None}
    return what | why | {"limit": one.limit, "used": one.used} | whose | where | last
