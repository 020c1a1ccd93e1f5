"""Secrets are made once, and signing keys rotated and retired, wherever they are kept, and none is lost on the way."""

import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.domain.catalog import ApiKey
from chalicelib.runtime import runtime, using
from chalicelib.settings import SecretSource
from chalicelib.signing import Keyring, Signer
from chalicelib.store import accounts, writes
from chalicelib.store.items.accounts import ApiKeyItem
from chalicelib.store.keys import api_key_sort_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases import create
from infra import local
from infra.admin import keys
from infra.new_secrets import NEW
from infra.secret_store import AlreadyExists, FileStore, SecretStore, StoreError, open_store
from tests.infra.operator import Operator, value_beside
from tests.parameters import kept, parameters, source
from tests.signing_keys import DATA_KEY, held, key, keyring, pem
from tests.support import ADMIN, Vendor

SSM = "ssm:/seatkeeper-dev"


wherever = pytest.mark.parametrize("address", ["file", "ssm"], indirect=True)
"""In a file and in AWS Systems Manager; the other tests use a file, of which they know no more than of any store."""


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the operator's environment says that secrets are kept: nothing is there yet."""
    is_ssm = getattr(request, "param", "file") == "ssm"
    address = SSM if is_ssm else f"file:{tmp_path}/secrets.json"
    monkeypatch.setenv("SEATKEEPER_SECRETS", address)
    with ExitStack() as stack:
        if is_ssm:
            stack.enter_context(parameters(monkeypatch))
        yield address


@pytest.fixture
def store(address: str) -> SecretStore:
    """The store there."""
    return open_store(SecretSource(address, "us-east-1"))


def live(address: str) -> tuple[Signer, ...]:
    """The keys that live in the store there."""
    return Keyring(SecretSource(address, "us-east-1").read, address).live


@pytest.fixture(autouse=True)
def only(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The companies that there are: none, until a test names some."""
    codes: list[str] = []
    monkeypatch.setattr(accounts, "company_codes", lambda: iter(codes))
    return codes


def fill(store: SecretStore, **values: str) -> None:
    for name, value in values.items():
        store.add(name, value)


def in_place(address: str) -> str:
    """What a sentence calls the signing key."""
    return "/seatkeeper-dev/signing_key" if address == SSM else "signing_key"


def name_of(address: str, name: str) -> str:
    return f"/seatkeeper-dev/{name}" if address == SSM else name


# --- the store ---------------------------------------------------------------------------------------------------


@wherever
def test_a_store_keeps_what_it_is_given_and_adds_nothing_twice(store: SecretStore, address: str) -> None:
    assert store.read() == {}
    store.add("data_key", DATA_KEY)
    with pytest.raises(AlreadyExists, match=f"^{name_of(address, 'data_key')} is there already.$"):
        store.add("data_key", "another")
    store.add("signing_key", "one")
    store.replace("signing_key", "two")
    assert store.read() == {"data_key": DATA_KEY, "signing_key": "two"}
    for _ in range(2):
        store.remove("signing_key")
        assert store.read() == {"data_key": DATA_KEY}


def test_a_file_of_secrets_is_for_its_owner_alone_and_needs_its_folder(tmp_path: Path) -> None:
    FileStore(SecretSource(f"file:{tmp_path}/secrets.json")).add("data_key", DATA_KEY)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    with pytest.raises(
        local.DataDirError, match=r"nowhere/secrets.json cannot be written: No such file or directory\.$"
    ):
        FileStore(SecretSource(f"file:{tmp_path}/nowhere/secrets.json")).add("data_key", DATA_KEY)


def test_a_file_of_secrets_loses_nothing_to_two_who_change_it_at_the_same_time(tmp_path: Path) -> None:
    names = [f"secret_{number}" for number in range(16)]
    with ThreadPool(8) as pool:
        list(pool.map(lambda name: FileStore(SecretSource(f"file:{tmp_path}/secrets.json")).add(name, name), names))
    assert FileStore(SecretSource(f"file:{tmp_path}/secrets.json")).read() == dict(zip(names, names, strict=True))


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """AWS Systems Manager."""
    with parameters(monkeypatch) as client:
        yield client


def test_parameters_are_encrypted(ssm: Any) -> None:
    store = open_store(source(SSM, ssm))
    fill(store, data_key=DATA_KEY, signing_key="one")
    store.replace("signing_key", "two")
    assert kept(ssm, "/seatkeeper-dev") == {"data_key": DATA_KEY, "signing_key": "two"}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            ClientError({"Error": {"Code": "AccessDeniedException", "Message": "hunter2"}}, "PutParameter"),
            "SSM does not take /seatkeeper-dev/data_key: AccessDeniedException.",
        ),
        (
            EndpointConnectionError(endpoint_url="https://ssm"),
            "SSM does not answer for /seatkeeper-dev/data_key: EndpointConnectionError.",
        ),
    ],
)
def test_what_the_parameter_store_does_not_do_is_one_sentence_without_a_value(
    ssm: Any, error: Exception, sentence: str
) -> None:
    def fail(**_: Any) -> None:
        raise error

    ssm.meta.events.register("before-call.ssm", fail)
    store = open_store(source(SSM, ssm))
    for change in (store.add, store.replace):
        with pytest.raises(StoreError) as caught:
            change("data_key", "hunter2")
        assert str(caught.value) == sentence
    with pytest.raises(StoreError):
        store.remove("data_key")


# --- secrets create ----------------------------------------------------------------------------------------------


@wherever
def test_secrets_are_made_once_and_none_is_shown(operator: Operator, store: SecretStore, address: str) -> None:
    code, output, errors = operator.run("secrets create")
    assert (code, errors) == (0, "")
    made = store.read()
    (signer,) = live(address)
    assert set(made) == {"data_key", "signing_key"}
    assert signer.public_key in output
    assert [line for value in made.values() for line in value.splitlines() if line in output] == []
    again = operator.asks("secrets create")
    assert again == {
        "secrets": address,
        "made": [],
        "signing_key": signer.id,
        "old_signing_key": None,
        "public_key": signer.public_key,
        "old_public_key": None,
    }
    assert operator.noted("secrets create") == "All secrets are there, and stay as they are.\n"
    assert store.read() == made


@pytest.mark.parametrize(("there", "missing"), [("data_key", "signing_key"), ("signing_key", "data_key")])
def test_what_is_there_stays_as_it_is(operator: Operator, store: SecretStore, there: str, missing: str) -> None:
    value = {"data_key": DATA_KEY, "signing_key": pem(1)}[there]
    fill(store, **{there: value})
    assert operator.asks("secrets create")["made"] == [missing]
    assert store.read()[there] == value


def test_what_somebody_else_makes_at_the_same_time_stays_as_it_is(
    operator: Operator, store: SecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_late() -> str:
        fill(store, signing_key=pem(1))
        return pem(2)

    monkeypatch.setitem(NEW, "signing_key", be_late)
    answer = operator.asks("secrets create")
    assert (answer["made"], answer["signing_key"]) == (["data_key"], key(1).id)
    assert store.read()["signing_key"] == pem(1)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"data_key": "hunter2"}, "data_key"),
        ({"signing_key": "hunter2"}, "signing_key"),
        ({"signing_key": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"}, "signing_key"),
    ],
)
@wherever
def test_what_is_there_and_malformed_is_named_and_nothing_is_made(
    operator: Operator, store: SecretStore, address: str, values: dict[str, str], name: str
) -> None:
    fill(store, **values)
    said = operator.refused("secrets create")
    assert said.startswith(f"The secrets are malformed: {name_of(address, name)} ")
    assert "hunter2" not in said
    assert store.read() == values


def test_what_existing_data_needs_is_not_made_anew(
    operator: Operator, store: SecretStore, address: str, vendor: Vendor, only: list[str]
) -> None:
    only.append(vendor.code)
    fill(store, signing_key=pem(1))
    said = operator.refused("secrets create")
    assert said == f"There are companies, and no data_key in {address}: restore it, a new one opens nothing of theirs."
    assert store.read() == {"signing_key": pem(1)}
    fill(store, data_key=DATA_KEY)
    assert operator.asks("secrets create")["made"] == []


# --- signing-key -------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(store: SecretStore) -> SecretStore:
    """With the secrets that nothing can be served without; the signing key is the first."""
    fill(store, data_key=DATA_KEY, signing_key=pem(1))
    return store


def test_the_public_keys_are_shown_as_they_are_copied(operator: Operator, filled: SecretStore) -> None:
    fill(filled, old_signing_key=pem(2))
    both = {"signing_key": key(1).id, "public_key": key(1).public_key}
    assert operator.asks("signing-key show") == both | {
        "old_signing_key": key(2).id,
        "old_public_key": key(2).public_key,
    }
    text = operator.reads("signing-key show")
    assert f"\npublic key:\n{key(1).public_key}\nold public key:\n{key(2).public_key}" in f"\n{text}"
    assert "PRIVATE" not in text


def test_a_rotation_makes_the_current_key_the_old_one(operator: Operator, filled: SecretStore, address: str) -> None:
    answer = operator.asks("signing-key rotate")
    current, old = live(address)
    assert old == key(1)
    assert current not in (key(1), key(2))
    assert answer == {
        "signing_key": current.id,
        "old_signing_key": key(1).id,
        "public_key": current.public_key,
        "old_public_key": key(1).public_key,
    }
    assert filled.read()["data_key"] == DATA_KEY


def test_no_key_is_rotated_away_while_an_old_one_lives(operator: Operator, filled: SecretStore) -> None:
    operator.asks("signing-key rotate")
    before = filled.read()
    said = operator.refused("signing-key rotate")
    assert said == f"The signing key before this one, {key(1).id}, still lives: retire it first."
    assert filled.read() == before


def test_a_rotation_that_is_cut_short_anywhere_leaves_a_server_that_signs_and_is_finished_by_the_next(
    operator: Operator, filled: SecretStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash() -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keys, "new_signing_key", crash)
        with pytest.raises(KeyboardInterrupt):
            operator.run("signing-key rotate")
    assert live(address) == (key(1),)
    code, output, errors = operator.run("signing-key show")
    assert (code, key(1).id in output, errors) == (0, True, f"{keys.CUT_SHORT}\n")
    assert operator.refused("signing-key retire") == keys.CUT_SHORT
    operator.asks("signing-key rotate")
    current, old = live(address)
    assert (old, current == key(1)) == (key(1), False)


@wherever
def test_at_no_instant_of_a_rotation_the_key_of_existing_api_keys_is_missing(
    operator: Operator, filled: SecretStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def watch(change: Callable[..., None]) -> Callable[..., None]:
        def changing(self: SecretStore, *given: str) -> None:
            change(self, *given)
            seen.append(live(address)[-1])

        return changing

    for name in ("add", "replace", "remove"):
        monkeypatch.setattr(type(filled), name, watch(getattr(type(filled), name)))
    operator.asks("signing-key rotate")
    assert seen == [key(1), key(1)]


@wherever
def test_two_rotations_at_the_same_time_are_one(
    operator: Operator, filled: SecretStore, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """The second has read that there is no old key, and finds one when it writes."""
    late = held(1)
    operator.asks("signing-key rotate")
    before = filled.read()
    monkeypatch.setattr(SecretSource, "read", lambda _: late)
    code, output, errors = operator.run("signing-key rotate")
    assert (code, output, errors) == (3, "", f"{name_of(address, 'old_signing_key')} is there already.\n")
    assert filled.read() == before


# --- retiring ----------------------------------------------------------------------------------------------------


@pytest.fixture
def rotated(filled: SecretStore, only: list[str], vendor: Vendor) -> SecretStore:
    """With two signing keys, the second the current one; and the company has an API key of neither."""
    filled.add("old_signing_key", pem(1))
    filled.replace("signing_key", pem(2))
    only.append(vendor.code)
    return filled


def api_key(vendor: Vendor, number: int | None) -> ApiKey:
    """One that is answered by the signing key of this number; by the oldest, without."""
    keys_of_then = keyring(held(number or 1))
    with using(replace(runtime(), keyring=keys_of_then)):
        made, _ = create.create_api_key(vendor.code, frozenset(), False, ADMIN, now=vendor.now)
    if number is None:
        item = ApiKeyItem(vendor.code, api_key_sort_key(made.api_key))
        writes.update(item, [ApiKeyItem.signing_key.remove()], ApiKeyItem.pk.exists())
    return made


@pytest.mark.parametrize("number", [1, None])
def test_a_key_that_answers_somebody_is_not_retired(
    operator: Operator, rotated: SecretStore, vendor: Vendor, number: int | None
) -> None:
    answered, other = api_key(vendor, number), api_key(vendor, 2)
    before = rotated.read()
    said = operator.refused("signing-key retire")
    assert said == f"1 API key is still answered by {key(1).id}; revoke it first: {answered.api_key}."
    assert rotated.read() == before
    operator.asks(f"apikey revoke {answered.api_key}")
    assert operator.asks("signing-key retire") == {
        "retired": key(1).id,
        "signing_key": key(2).id,
        "old_signing_key": None,
        "public_key": key(2).public_key,
        "old_public_key": None,
    }
    assert rotated.read() == {"data_key": DATA_KEY, "signing_key": pem(2)}
    assert operator.refused("signing-key retire") == "There is no signing key before the current one."
    stored = accounts.read_api_key(vendor.code, other.api_key)
    assert stored == other


def test_many_api_keys_are_counted_and_the_first_are_named(
    operator: Operator, rotated: SecretStore, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MANY", 2)
    names = sorted(api_key(vendor, 1).api_key for _ in range(3))
    said = operator.refused("signing-key retire")
    begun = f"3 API keys are still answered by {key(1).id}; revoke them first"
    assert said == f"{begun}: {names[0]}, {names[1]}, and 1 more."


@wherever
def test_what_is_done_is_said_in_text(operator: Operator, rotated: SecretStore) -> None:
    assert value_beside(operator.reads("secrets create"), "old signing key") == key(1).id
    assert value_beside(operator.reads("signing-key show"), "signing key") == key(2).id
    assert value_beside(operator.reads("signing-key retire"), "retired") == key(1).id
    assert value_beside(operator.reads("signing-key rotate"), "old signing key") == key(2).id


def test_after_a_retirement_there_may_be_another_rotation(operator: Operator, rotated: SecretStore) -> None:
    operator.asks("signing-key retire")
    assert operator.asks("signing-key rotate")["old_signing_key"] == key(2).id


# --- API keys ----------------------------------------------------------------------------------------------------


def test_an_api_key_is_answered_with_the_public_key_that_belongs_to_it(operator: Operator, vendor: Vendor) -> None:
    answer = operator.asks(f"apikey create --company {vendor.code}")
    stored = accounts.read_api_key(vendor.code, answer["api_key"])
    assert stored is not None
    current = runtime().keyring.current
    assert (stored.signing_key, answer["signing_key"], answer["public_key"]) == (
        current.id,
        current.id,
        current.public_key,
    )
