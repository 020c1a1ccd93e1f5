"""The secrets where `SEATKEEPER_SECRETS` says: made once, and the signing keys among them rotated and retired.

A rotation writes twice: first the current key as the old one, then a new current one. Whoever reads in between, or
after a crash there, finds the same key in both places, and signs with it as before.
"""

from collections.abc import Callable
from contextlib import suppress

from chalicelib.runtime import runtime
from chalicelib.settings import checked_secrets
from chalicelib.signing import Signer, live_keys
from infra.admin.parser import UsageError
from infra.new_secrets import NEW, new_signing_key
from infra.secret_store import AlreadyExists, open_store

CUT_SHORT = "A rotation was cut short: `signing-key rotate` finishes it."
MANY = 20
"""API keys that are named in one sentence."""


def create(is_in_use: Callable[[], bool]) -> list[str]:
    """Make what is missing; answers the names of what was made. Data that is `in use` was sealed with what is lost.

    Raises `UsageError`, `SettingsError`, `StoreError`, `DataDirError`.
    """
    source = runtime().secrets
    store, address = open_store(source), source.address
    there = store.read()
    missing = {name: new() for name, new in NEW.items() if name not in there}
    live_keys(checked_secrets(there | missing, address), address)  # what is there stays, so it has to be right
    if missing and is_in_use():
        lost = " and ".join(missing)
        raise UsageError(
            f"There are companies, and no {lost} in {address}: restore it, a new one opens nothing of theirs."
        )
    made = []
    for name, value in missing.items():
        with suppress(AlreadyExists):  # somebody was faster, and theirs stays
            store.add(name, value)
            made.append(name)
    return made


def rotate() -> tuple[Signer, ...]:
    """The current key becomes the old one, and a new one the current; answers both, the new one first.

    Finishes a rotation that was cut short. Raises `SeatkeeperError`, `SettingsError`, `StoreError`, `DataDirError`.
    """
    source = runtime().secrets
    held, store = source.read(), open_store(source)
    live = live_keys(held, source.address)
    if len(live) > 1:
        raise UsageError(f"The signing key before this one, {live[1].id}, still lives: retire it first.")
    if held.old_signing_key is None:
        store.add("old_signing_key", held.signing_key)
    store.replace("signing_key", new_signing_key())
    return live_keys(source.read(), source.address)


def retire(answered_by: Callable[[Signer], list[str]]) -> Signer:
    """End the old key, and answer it, unless there are API keys that it signs for (`answered_by`).

    Raises `UsageError`, `SettingsError`, `StoreError`, `DataDirError`.
    """
    source = runtime().secrets
    held = source.read()
    live = live_keys(held, source.address)
    if held.old_signing_key is None:
        raise UsageError("There is no signing key before the current one.")
    if len(live) == 1:
        raise UsageError(CUT_SHORT)
    if names := answered_by(live[1]):
        keys, them = ("1 API key is", "it") if len(names) == 1 else (f"{len(names)} API keys are", "them")
        named = names[:MANY] + ([f"and {len(names) - MANY} more"] if len(names) > MANY else [])
        raise UsageError(f"{keys} still answered by {live[1].id}; revoke {them} first: {', '.join(named)}.")
    open_store(source).remove("old_signing_key")
    return live[1]
