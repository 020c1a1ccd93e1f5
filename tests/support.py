"""What tests share: a vendor with products, and a client application that signs its calls."""

import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import disk_usage
from typing import Any
from unittest.mock import patch

import httpx
from argon2 import PasswordHasher

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.catalog import Product
from chalicelib.domain.errors import AlreadyExists
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import DeviceReport, License
from chalicelib.domain.terms import Terms
from chalicelib.domain.users import User
from chalicelib.runtime import Runtime
from chalicelib.store import licenses
from chalicelib.usecases import create, passwords
from chalicelib.usecases.activate import activate
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.audit import audit, audit_counts, audit_links
from chalicelib.usecases.check import check
from chalicelib.usecases.deactivate import deactivate
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.license_extras import Wanted, grant_features
from chalicelib.usecases.license_lookup import LicenseLookup
from chalicelib.usecases.product_features import create_feature
from infra.admin.differences import difference, differences
from infra.call import signed_headers

ChangeRuntime = Callable[..., Runtime]
"""Of the fixture `change_runtime`: takes fields of `Runtime` by keyword."""
ENOUGH_MEMORY = 2**30
AWS_NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""An account that is nobody's, where nothing answers: no test reaches AWS."""
STAGE_URL = os.environ.get("SEATKEEPER_TEST_URL")
"""Of the deployed stage that the tests of `licenseapi` ask; without one they ask the app in process."""
STAGE_HOST = os.environ.get("SEATKEEPER_TEST_HOST")
"""The name by which API Gateway knows that stage, where the address has none that can be resolved."""
ADMIN = Actor("admin")
NOW: Instant = 1_795_500_000_000
"""2026-11-24T06:00:00Z: the instant at which tests of use cases happen."""
CUSTOMER = "office@customer.test"
HOUR, DAY = 3_600_000, 86_400_000
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def mistyped(text: str) -> str:
    """The text with another last digit, whatever chance made the last one."""
    return text[:-1] + ("1" if text.endswith("0") else "0")


def in_memory() -> str | None:
    """A folder in memory for data that may be lost, for each write waits for the disk; None where there is little."""
    folder = Path("/dev/shm")  # noqa: S108 - for a folder of its own
    return str(folder) if folder.is_dir() and disk_usage(folder).free > ENOUGH_MEMORY else None


def cheap_passwords() -> AbstractContextManager[object]:
    """Hashes that are made inside cost next to nothing; and they say so, for any server that verifies one."""
    return patch.object(passwords, "hasher", lambda: CHEAP)


@dataclass
class Vendor:
    """A company, as the use cases see it: all calls happen at `now`, unless they are given another instant."""

    code: str = field(default_factory=lambda: f"T{secrets.token_hex(6).upper()}")
    now: Instant = NOW
    products: dict[str, Product] = field(default_factory=dict)

    def __post_init__(self) -> None:
        create.create_company(self.code, "A vendor", ADMIN, now=self.now)
        self.product("viewer", "license-key")
        self.product("revit", "user")
        key, self.shared_key = create.create_api_key(
            self.code, frozenset(), False, ADMIN, scopes=frozenset({"people"}), now=self.now
        )
        self.api_key = key.api_key

    def product(self, code: str, method: Any, *, prevent_vm: bool = False) -> Product:
        product = create.create_product(
            self.code, code, code.title(), method, ADMIN, prevent_vm=prevent_vm, now=self.now
        )
        self.products[code] = product
        return product

    def issue(self, product: str = "viewer", manager: str | None = None, **terms: Any) -> License:
        """Issue a license: perpetual, with five activations, and sold to one customer, unless told otherwise."""
        given: dict[str, Any] = {"license_type": "perpetual", "max_activations": 5, "customer": CUSTOMER} | terms
        return issue_license(self.code, product, Terms(**given), manager, ADMIN, now=self.now)[0]

    def assign(self, license: License, email: str, max_activations: int | None = 1) -> tuple[User, str | None]:
        """Give a user a seat; answers the user and the initial password, if there is one."""
        user = assign_user(self.code, license.id, email, max_activations, ADMIN, now=self.now).user
        return user, initial_password(user)

    def grant(self, license: License, code: str) -> None:
        """Let a license have this feature and no other, which its product defines, if it does not."""
        feature = {"code": code, "name": code.title(), "feature_type": "activation"}
        with suppress(AlreadyExists):
            create_feature(self.code, license.product, feature, ADMIN, now=self.now)
        grant_features(self.code, license.id, [Wanted(code)], ADMIN, now=self.now)

    def activate(self, who: License | str, hardware_id: str, password: str | None = None, **more: Any) -> Snapshot:
        """Activate by key, or by email and password."""
        at, report = more.pop("now", self.now), more.pop("report", {})
        lookup, device = self.lookup(who, hardware_id, **more), DeviceReport(hardware_id, **report)
        return activate(self.code, lookup, password, device, ADMIN, now=at)[0]

    def check(self, who: License | str, hardware_id: str, *, now: Instant | None = None, **more: Any) -> Snapshot:
        lookup = self.lookup(who, hardware_id, **more)
        at = self.now if now is None else now
        return check(self.code, lookup, DeviceReport(hardware_id), ADMIN, now=at)

    def deactivate(self, who: License | str, hardware_id: str, *, now: Instant | None = None, **more: Any) -> None:
        lookup = self.lookup(who, hardware_id, **more)
        deactivate(self.code, lookup, ADMIN, now=self.now if now is None else now)

    def lookup(self, who: License | str, hardware_id: str, **more: Any) -> LicenseLookup:
        """By the license's key, or by a user's email."""
        named = {"username": who} if isinstance(who, str) else {"license_key": who.license_key}
        product = "revit" if isinstance(who, str) else who.product
        return LicenseLookup(**({"product": product, "hardware_id": hardware_id} | named | more))

    def stored(self, license: License) -> License:
        """The license as it stands in the database."""
        found = licenses.read_license(self.code, license.id)
        assert found is not None
        return found

    def history(self, license: License) -> list[Event]:
        """The events of a license, oldest first."""
        return list(licenses.events(self.code, license.id))[::-1]

    def differences(self) -> list[str]:
        """What the audit finds wrong."""
        return [sentence for part in self.audits for sentence in part()]

    @property
    def audits(self) -> tuple[Callable[[], list[str]], ...]:
        """The parts of the audit: each reads for itself."""
        return (
            lambda: [sentence for _, found in audit(self.code) for sentence in differences(found)],
            lambda: [difference(fault) for _, faults in audit_links(self.code) for fault in faults],
            lambda: [difference(fault) for fault in audit_counts(self.code)],
        )


class Application:
    """A client application: signs its calls and sends them over HTTP, to the app in process or to a server."""

    def __init__(self, api_key: str, shared_key: str, http: httpx.Client) -> None:
        self.api_key, self.shared_key, self.http = api_key, shared_key, http

    def headers(self, at: Instant | None = None) -> dict[str, str]:
        """Date and Authorization of a call that is made at `at` (now, where not given)."""
        return signed_headers(self.api_key, self.shared_key, None if at is None else at / 1000)

    def get(self, call: str, **query: Any) -> httpx.Response:
        given = {name: str(value) for name, value in query.items() if value is not None}
        return self.http.get(f"/api/v4/{call}", params=given, headers=self.headers())

    def post(self, call: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/api/v4/{call}", json=body, headers=self.headers())
