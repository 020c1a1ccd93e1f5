"""An account with a second factor, and what is done to it: for the cases of faults."""

from typing import Any

from chalicelib.domain.events import Actor
from chalicelib.domain.origin import NOWHERE
from chalicelib.domain.passkeys import passkeys_in
from chalicelib.domain.second_factor import STEP_MS, app_code
from chalicelib.domain.users import User
from chalicelib.store.batch_reads import ReadRequest, batch_read
from chalicelib.usecases import log_in_code, passkeys, second_factor, sessions
from chalicelib.usecases.company_policy import require_second_factor
from chalicelib.usecases.passkey_answers import PasskeyAnswer
from tests.store.states import ADA, seated
from tests.support import ADMIN, Vendor
from tests.usecases.authenticator import HOLDER, Authenticator, KeyHolder, asked_for_new, with_passkey
from tests.usecases.people import PASSWORD, Protected, chosen, protected

OWNER = Actor(f"user:{ADA}")


def with_own_password(vendor: Vendor) -> User:
    seated(vendor)
    return chosen(vendor, ADA)


def turn_on(vendor: Vendor, user: User) -> Any:
    offer = second_factor.offer_secret(user)
    given = (vendor.code, user.id, offer.sealed, app_code(offer.secret, vendor.now // STEP_MS), PASSWORD, OWNER)
    changed, codes = second_factor.turn_on(*given, epoch=user.session_epoch, now=vendor.now)
    return changed.has_second_factor, len(codes)


def with_second_factor(vendor: Vendor) -> Protected:
    seated(vendor)
    return protected(vendor, ADA)


def turn_off(vendor: Vendor, owner: Protected) -> Any:
    user, code = owner.user, owner.shows(vendor.now)
    given = (vendor.code, user.id, code, OWNER)
    return second_factor.turn_off(*given, epoch=user.session_epoch, now=vendor.now).has_second_factor


def renew_codes(vendor: Vendor, owner: Protected) -> Any:
    given = (vendor.code, owner.user.id, owner.recovery_codes[0], OWNER)
    return len(second_factor.renew_recovery_codes(*given, epoch=owner.user.session_epoch, now=vendor.now)[1])


def remove_second_factor(vendor: Vendor, _: Protected) -> Any:
    return second_factor.remove_second_factor(vendor.code, ADA, ADMIN, now=vendor.now).has_second_factor


def enter_by_app(vendor: Vendor, owner: Protected) -> Any:
    return _enter(vendor, owner, owner.shows(vendor.now))


def enter_by_recovery_code(vendor: Vendor, owner: Protected) -> Any:
    return _enter(vendor, owner, owner.recovery_codes[0])


def add_first_passkey(vendor: Vendor, user: User) -> Any:
    return _add(vendor, user)


def add_passkey(vendor: Vendor, owner: Protected) -> Any:
    return _add(vendor, owner.user)


def _add(vendor: Vendor, user: User) -> Any:
    answer = PasskeyAnswer(Authenticator().make(asked_for_new(user, vendor.now)), HOLDER)
    given = (vendor.code, user.id, "Phone", answer, PASSWORD, OWNER)
    changed, codes = passkeys.add_passkey(*given, epoch=user.session_epoch, now=vendor.now)
    return len(changed.passkeys), len(codes)


def with_a_passkey(vendor: Vendor) -> KeyHolder:
    seated(vendor)
    return with_passkey(vendor, ADA)


def remove_passkey(vendor: Vendor, owner: KeyHolder) -> Any:
    (passkey,) = passkeys_in(owner.user.passkeys)
    given = (vendor.code, owner.user.id, passkey.key, owner.answer(HOLDER, vendor.now), OWNER)
    return passkeys.remove_passkey(*given, epoch=owner.user.session_epoch, now=vendor.now).has_second_factor


def enter_by_passkey(vendor: Vendor, owner: KeyHolder) -> Any:
    pending = log_in_code.pending_log_in(owner.user, NOWHERE, now=vendor.now)
    _, claims = log_in_code.log_in_by_code(pending, owner.answer(pending.id, vendor.now), "", now=vendor.now)
    return batch_read(claims, ReadRequest(), vendor.now).session


def _enter(vendor: Vendor, owner: Protected, code: str) -> Any:
    pending = log_in_code.pending_log_in(owner.user, NOWHERE, now=vendor.now)
    _, claims = log_in_code.log_in_by_code(pending, code, "", now=vendor.now)
    return batch_read(claims, ReadRequest(), vendor.now).session


def note(vendor: Vendor, user: User) -> Any:
    sessions.note_log_in(user, NOWHERE, now=vendor.now)


def ask(vendor: Vendor, _: object) -> Any:
    return require_second_factor(vendor.code, "managers", ADMIN, now=vendor.now).second_factor
