"""Passwords that people choose: none of those that are guessed first, at any place where one is chosen."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import argon2
import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.users import User
from chalicelib.store.accounts import rehash_password
from chalicelib.usecases import passwords
from chalicelib.usecases.change_account import choose_password
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.chosen_password import common_passwords, guard_chosen
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.user_licenses import user_licenses
from tests.mailbox import mailed_code
from tests.store.faults import wire
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import account

EMAIL = "ada.lovelace@analytical-engines.test"
COMMON = ["password", "12345678", "QWERTYUIOP", "iloveyou", "trustno1"]
VARIED = [
    "passwordpassword",
    "Passw0rd2026",
    "P@$$w0rt1!",
    "passwort1",
    "77football77",
    "footballfootball9",
    "drag0ndragon",
]
YEARS = [
    *("cad-2026!", "Sommer2026", "2019Winter", "revit 1999", "September2026", "Fruehling2026", "Fr\u00fchjahr2026"),
    *("winter2026winter2026", "Winter2026-Winter2027!", "2026winter2026", "winter2026sommer", "wintersommer26"),
    *("W1nter2026", "S3ptemb3r 2026", "w1nter123", "Winter26", "summer!1", "01dezember"),
]
ROWS = [
    "00000000",
    "aaaaaaaaa",
    "xk7pxk7px",
    "abcdefgh",
    "87654321",
    "abcd1234",
    "qwer4321",
    "asdfghjk",
    "qwertzuio",
    "жзийклмн",
]
OWN = [
    EMAIL,
    "lovelace1",
    "Ada.Lovelace!",
    "analytical2026",
    "qbitec-2026",
    "Qbitec!",
    "qbitec-lovelace-analytical",
    "lovelace@engines",
    "qbi-tec-lovel-ace",
    "lovelace123456",
    "lovelace-password",
    "l0velace!!",
    "qb1tec99",
]
WEAK = [*COMMON, *VARIED, *YEARS, *ROWS, *OWN]
TYPED: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "with blanks around": lambda text: f"  {text}\u3000",
    "with what nobody sees": "\u200b".join,
    "in full-width letters": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "with dashes": "-".join,
}
"""All of these are no harder to guess."""
GOOD = [
    "correct horse",
    "lovelace and her engine",
    "9f2c7e61",
    "83749261",
    "aa739164",
    "abcd7391",
    "Wien2026Graz",
    "mayor of 1847",
    "4 Winter in Oslo",
    "83742019",
    "three words 2026",
    "horse battery horse battery",
    "Wien liegt an der Donau",
    "tr4in to Q8itec",
    "Жаль, что осень",
]


def mailed(vendor: Vendor, _: str, new: str) -> Any:
    request_code(vendor.code, EMAIL, now=NOW)
    set_password_by_code(vendor.code, EMAIL, mailed_code(vendor, EMAIL), new, ADMIN, now=NOW)


def chosen(vendor: Vendor, _: str, new: str) -> Any:
    user = account(vendor, EMAIL)
    choose_password(vendor.code, user.id, new, ADMIN, old_password=None, epoch=user.session_epoch, now=NOW)


def changed(vendor: Vendor, initial: str, new: str) -> Any:
    change_password(vendor.code, EMAIL, initial, new, ADMIN, now=NOW)


@pytest.mark.parametrize("choose", [mailed, chosen, changed, "typed by a manager"])
def test_a_password_that_is_guessed_first_is_refused_wherever_one_is_chosen(
    vendor: Vendor, choose: Callable[[Vendor, str, str], Any] | str
) -> None:
    license = vendor.issue("revit", max_license_users=1)
    initial = vendor.assign(license, EMAIL)[1] or ""

    def act(new: str) -> Any:
        if isinstance(choose, str):
            return set_password(vendor.code, license.id, EMAIL, new, ADMIN, now=NOW)
        return choose(vendor, initial, new)

    before = account(vendor, EMAIL)
    for weak in (COMMON[0], " " * 8, "\u200b" * 8, "7 chars", ROWS[0], f"{vendor.code.lower()}!1", EMAIL):
        with pytest.raises(Invalid):
            act(weak)
    assert account(vendor, EMAIL) == before
    act(GOOD[0])
    assert log_in(vendor.code, EMAIL, GOOD[0], now=NOW)


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_what_is_weak_is_so_however_it_is_typed(typed: Callable[[str], str]) -> None:
    for weak in WEAK:
        with pytest.raises(Invalid):
            guard_chosen(typed(weak), "QBITEC", EMAIL)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("bob@abc.de", "bob@abc.de"),
        ("bob@abc.de", "bob@abc1"),
        ("info@xn--bcher-kva.example", "b\u00fccher2026"),
        ("info@xn--bcher-kva.example", "info@b\u00fccher.example"),
    ],
)
def test_an_email_is_weak_as_people_write_it_and_if_its_parts_are_short(email: str, password: str) -> None:
    with pytest.raises(Invalid):
        guard_chosen(password, "QBITEC", email)


@pytest.mark.parametrize("good", GOOD)
def test_what_is_not(good: str) -> None:
    guard_chosen(good, "QBITEC", EMAIL)


def test_the_same_password_is_no_new_one_whatever_nobody_sees_is_put_to_it(vendor: Vendor) -> None:
    initial = vendor.assign(vendor.issue("revit", max_license_users=1), EMAIL)[1] or ""
    for again in (initial, f"{initial} ", f"\u200b{initial}"):
        with pytest.raises(Invalid):
            change_password(vendor.code, EMAIL, initial, again, ADMIN, now=NOW)


def test_the_ten_thousand_commonest_that_would_be_long_enough_are_known() -> None:
    assert len(common_passwords()) == 10_000
    assert min(map(len, common_passwords())) == 8


def test_who_chooses_no_password_loads_no_list() -> None:
    code = "import app, chalicelib.usecases.chosen_password as c; print(c.common_passwords.cache_info().currsize)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout == "0\n"


def test_a_password_is_hashed_anew_when_it_was_hashed_with_other_parameters(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = vendor.assign(vendor.issue("revit", max_license_users=1), EMAIL)[1] or ""
    before = account(vendor, EMAIL)
    dearer = argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: dearer)
    user = log_in(vendor.code, EMAIL, password, now=NOW)
    assert "m=16,t=2" in user.password_hash
    assert user == account(vendor, EMAIL), "and nothing else has changed: sessions last"
    assert before.password_hash != user.password_hash
    with wire() as sent:
        assert log_in(vendor.code, EMAIL, password, now=NOW) == user
    assert not any("password_hash" in str(body) for body in sent.bodies), "once"


USES: dict[str, Callable[[Vendor, str], Any]] = {
    "activate": lambda v, p: v.activate(EMAIL, "pc", p).device,
    "user_licenses": lambda v, p: user_licenses(v.code, "revit", EMAIL, p, now=NOW),
    "change_password": lambda v, p: change_password(v.code, EMAIL, p, "chosen by the owner", ADMIN, now=NOW),
}


@pytest.mark.parametrize("use", USES)
def test_a_password_that_another_log_in_hashes_anew_meanwhile_is_the_right_one_still(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, use: str
) -> None:
    password = vendor.assign(vendor.issue("revit", max_license_users=1), EMAIL)[1] or ""
    module = import_module(f"chalicelib.usecases.{use}")
    logged_in: list[User] = []

    def and_hash_anew(*given: Any, **more: Any) -> User:
        user = log_in(*given, **more)
        if not logged_in:
            rehash_password(user, replace(user, password_hash=passwords.hash_password(password)))
        logged_in.append(user)
        return user

    monkeypatch.setattr(module, "log_in", and_hash_anew)
    assert USES[use](vendor, password)
    assert logged_in[0].password_hash != account(vendor, EMAIL).password_hash
