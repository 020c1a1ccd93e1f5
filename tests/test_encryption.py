"""Sealing: what was sealed for one item opens there and nowhere else."""

import base64
import os

import pytest
from cryptography.exceptions import InvalidTag

from chalicelib.domain.catalog import ApiKey
from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt, hmac_sha256
from chalicelib.usecases import create
from chalicelib.usecases.initial_password import initial_password
from tests.signing_keys import held, keyring
from tests.support import ADMIN, NOW, ChangeRuntime, Vendor

ANOTHER = base64.b64encode(os.urandom(32)).decode()


@pytest.mark.parametrize("text", ["", "a", "Größe \U0001f512", "x" * 10_000])
def test_what_was_sealed_opens_in_its_context(text: str) -> None:
    assert decrypt(encrypt(text, "here"), "here") == text


def test_a_seal_does_not_show_its_text_and_no_two_are_alike() -> None:
    one, other = encrypt("a secret text", "here"), encrypt("a secret text", "here")
    assert one != other
    assert b"secret" not in base64.b64decode(one)


@pytest.mark.parametrize("context", ["", "her", "here ", "Here", "there"])
def test_a_seal_that_was_moved_to_another_context_does_not_open(context: str) -> None:
    with pytest.raises(InvalidTag):
        decrypt(encrypt("a secret", "here"), context)


def test_a_seal_of_which_any_byte_was_changed_does_not_open() -> None:
    raw = base64.b64decode(encrypt("a secret", "here"))
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(InvalidTag):
            decrypt(base64.b64encode(changed).decode(), "here")


def test_a_seal_does_not_open_with_another_data_key(change_runtime: ChangeRuntime) -> None:
    sealed = encrypt("a secret", "here")
    change_runtime(keyring=keyring(held(1, data_key=ANOTHER)))
    with pytest.raises(InvalidTag):
        decrypt(sealed, "here")


def test_a_keyed_hash_is_that_of_one_text_one_context_and_one_data_key(change_runtime: ChangeRuntime) -> None:
    hashes = [hmac_sha256(text, context) for text, context in (("12", "a"), ("1", "a2"), ("2", "a1"), ("12", "b"))]
    assert hmac_sha256("12", "a") == hashes[0]
    change_runtime(keyring=keyring(held(1, data_key=ANOTHER)))
    hashes.append(hmac_sha256("12", "a"))
    assert len(set(hashes)) == 5


def test_the_initial_password_of_one_user_does_not_open_for_another_user_or_company() -> None:
    def user(company: str, id: int, sealed: str | None) -> User:
        return User(company, id, "ada@customer.test", "", True, NOW, sealed)

    sealed = encrypt("a password", "initial-password#QBITEC#7")
    assert initial_password(user("QBITEC", 7, sealed)) == "a password"
    for company, id in (("QBITEC", 8), ("OTHER", 7)):
        with pytest.raises(InvalidTag):
            initial_password(user(company, id, sealed))


def test_the_shared_key_of_one_api_key_does_not_open_for_another(vendor: Vendor) -> None:
    one, shared = create.create_api_key(vendor.code, frozenset(), False, ADMIN, now=NOW)
    assert create.shared_key(one) == shared
    moved = ApiKey(vendor.code, vendor.api_key, one.sealed_shared_key, NOW)
    with pytest.raises(InvalidTag):
        create.shared_key(moved)
