"""Each API key is answered by its own signing key, or not at all; which keys live is read again when it must be."""

from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Unavailable
from chalicelib.settings import Secrets, SettingsError
from chalicelib.signing import READ_AGAIN_MS, Keyring, live_keys, sign_license
from tests.signing_keys import DATA_KEY, held, key, keyring, pem, verify
from tests.support import NOW

AT = "file:secrets.json"


class Store:
    """A secret store: what it holds may be exchanged, and it counts who asks."""

    def __init__(self, now: Secrets | SettingsError) -> None:
        self.now, self.asked = now, 0

    def read(self) -> Secrets:
        self.asked += 1
        if isinstance(self.now, SettingsError):
            raise self.now
        return self.now


def is_by(message: bytes, signature: str, number: int) -> bool:
    try:
        verify(message, signature, key(number).public_key)
    except InvalidSignature:
        return False
    return True


# --- one key -----------------------------------------------------------------------------------------------------


def test_a_key_is_named_by_the_hash_of_its_public_half() -> None:
    public = load_pem_public_key(key(1).public_key.encode())
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert key(1).id == sha256(der).hexdigest()[:16]
    assert key(1) != key(2)


def test_both_signatures_are_by_the_signer_that_was_asked() -> None:
    for number, other in ((1, 2), (2, 1)):
        header, field = key(number).sign(b"{}"), sign_license(key(number), "HW", "Key", "")
        assert is_by(b"{}", header, number)
        assert is_by(b"hw#key#", field, number)
        assert not is_by(b"{}", header, other)
        assert not is_by(b"hw#key#", field, other)


def test_a_signer_shows_no_private_key() -> None:
    assert "PRIVATE" not in repr(key(1))
    assert repr(key(1)).startswith(f"Signer(id='{key(1).id}', public_key=")
    assert "_private_key" not in repr(key(1))


def test_an_rsa_key_in_either_form_of_pem_signs() -> None:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        text = made.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        (signer,) = live_keys(Secrets(signing_key=text, data_key=DATA_KEY), AT)
        assert load_pem_public_key(signer.public_key.encode()) == made.public_key()


def test_a_key_that_cannot_sign_our_answers_is_one_sentence_that_does_not_show_it() -> None:
    text = pem(1)
    unfit = {
        "no PEM": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
        "cut off": text[: len(text) // 2],
        "with another modulus": text[:200] + ("B" if text[200] == "A" else "A") + text[201:],
        "with a passphrase": written(rsa.generate_private_key(65537, 2048), BestAvailableEncryption(b"passphrase")),
        "short": written(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - on purpose
        "elliptic": written(ec.generate_private_key(ec.SECP256R1())),
    }
    for name, wrong in unfit.items():
        for given_as in ({"signing_key": wrong}, {"signing_key": text, "old_signing_key": wrong}):
            with pytest.raises(SettingsError, match=rf"malformed: {list(given_as)[-1]} [a-z ]+[^\n]*\.$") as caught:
                live_keys(Secrets(**given_as, data_key=DATA_KEY), AT)
            assert [line for line in wrong.splitlines() if line and line in str(caught.value)] == [], name


def written(
    made: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption | None = None
) -> str:
    form = PrivateFormat.PKCS8 if encryption is None else PrivateFormat.TraditionalOpenSSL
    return made.private_bytes(Encoding.PEM, form, encryption or NoEncryption()).decode()


# --- the live ones -----------------------------------------------------------------------------------------------


def test_the_current_key_comes_first_and_in_the_midst_of_a_rotation_is_the_only_one() -> None:
    assert live_keys(held(2, 1), AT) == (key(2), key(1))
    assert live_keys(held(1, 1), AT) == (key(1),)
    assert live_keys(held(1), AT) == (key(1),)


def test_all_public_keys_are_told_and_who_reads_one_reads_the_current_one() -> None:
    answer = keyring(held(2, 1)).public_keys(NOW)
    assert answer == key(2).public_key + key(1).public_key
    assert load_pem_public_key(answer.encode()) == load_pem_public_key(key(2).public_key.encode())


def test_each_live_key_is_found_by_its_id_without_asking_the_store() -> None:
    store = Store(SettingsError("Never asked."))
    process = keyring(held(2, 1), store.read)
    assert [process.signer(key(number).id, NOW) for number in (1, 2)] == [key(1), key(2)]
    assert store.asked == 0


def test_an_api_key_that_names_none_is_of_the_oldest_key() -> None:
    """Its application was built with the public key of then."""
    assert keyring(held(1), Store(held(1)).read).signer(None, NOW) == key(1)
    assert keyring(held(2, 1), Store(held(2, 1)).read).signer(None, NOW) == key(1)


def test_a_process_that_outlives_a_rotation_learns_of_the_new_key_from_the_first_call_that_needs_it() -> None:
    store = Store(held(2, 1))
    process = keyring(held(1), store.read)
    assert process.signer(key(2).id, NOW) == key(2)
    assert process.signer(key(1).id, NOW) == key(1)
    assert process.live == (key(2), key(1))
    assert store.asked == 1


def test_the_store_is_asked_at_most_once_a_minute_for_a_key_that_nobody_knows() -> None:
    store = Store(held(1))
    process = keyring(held(1), store.read)
    for at, asked in ((0, 1), (1, 1), (READ_AGAIN_MS - 1, 1), (READ_AGAIN_MS, 2), (READ_AGAIN_MS + 1, 2)):
        with pytest.raises(Unavailable, match=f"^signing_key_unknown: {key(3).id}$"):
            process.signer(key(3).id, NOW + at)
        assert store.asked == asked


def test_a_store_that_is_in_trouble_takes_no_key_away(caplog: pytest.LogCaptureFixture) -> None:
    store = Store(SettingsError("SSM does not answer."))
    process = keyring(held(1), store.read)
    for _ in range(2):
        with pytest.raises(Unavailable):
            process.signer(key(2).id, NOW)
    assert caplog.messages == ["The secrets were to be read again: SSM does not answer."]
    assert process.signer(key(1).id, NOW) == key(1)
    store.now = held(2, 1)
    assert process.signer(key(2).id, NOW + READ_AGAIN_MS) == key(2)


def test_a_key_that_has_been_retired_signs_no_more_once_the_store_was_asked() -> None:
    process = keyring(held(2, 1), Store(held(3, 2)).read)
    assert process.signer(key(3).id, NOW) == key(3)
    with pytest.raises(Unavailable):
        process.signer(key(1).id, NOW)


NUMBERS = st.integers(1, 3)


@given(
    first=st.tuples(NUMBERS, st.none() | NUMBERS),
    steps=st.lists(
        st.tuples(NUMBERS, st.none() | NUMBERS)  # what the store holds from now on
        | st.sampled_from([0, 1, READ_AGAIN_MS])  # how much later it is
        | NUMBERS.map(str),  # a call with an API key that names this signing key
        max_size=20,
    ),
)
def test_whatever_happens_an_answer_is_signed_by_the_key_that_was_asked_for_or_not_at_all(
    first: tuple[int, int | None], steps: list[tuple[int, int | None] | int | str]
) -> None:
    store, at = Store(held(*first)), NOW
    process = keyring(held(*first), store.read)
    for step in steps:
        if isinstance(step, tuple):
            store.now = held(*step)
        elif isinstance(step, int):
            at += step
        else:
            try:
                signer = process.signer(key(int(step)).id, at)
            except Unavailable:
                assert key(int(step)) not in process.live
            else:
                assert is_by(b"{}", signer.sign(b"{}"), int(step))
                assert is_by(b"hw#key#", sign_license(signer, "HW", "KEY", ""), int(step))


def test_public_keys_are_those_of_a_rotation_that_no_call_has_told_of() -> None:
    store = Store(held(1))
    ring = Keyring(store.read, AT)
    assert ring.public_keys(NOW) == key(1).public_key
    store.now = held(2, 1)
    assert ring.public_keys(NOW + READ_AGAIN_MS - 1) == key(1).public_key
    assert ring.public_keys(NOW + READ_AGAIN_MS) == key(2).public_key + key(1).public_key
