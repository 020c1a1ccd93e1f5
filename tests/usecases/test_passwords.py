"""Passwords: argon2id, salted, and nobody has none."""

from chalicelib.usecases.passwords import hash_password, verify_password


def test_a_hash_fits_its_password_alone_and_is_salted() -> None:
    one, other = hash_password("correct horse"), hash_password("correct horse")
    assert one != other
    assert verify_password(one, "correct horse")
    assert verify_password(other, "correct horse")
    assert not verify_password(one, "correct horsf")


def test_nobody_has_no_password_that_fits() -> None:
    assert not verify_password(None, "nobody has this password")
    assert not verify_password(None, "")
