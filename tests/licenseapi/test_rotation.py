"""Two live signing keys: an application pins the public key of its time, and that key answers it while it lives."""

import httpx
import pytest

from chalicelib.runtime import runtime
from chalicelib.settings import Secrets
from chalicelib.store import writes
from chalicelib.store.accounts import read_api_key
from chalicelib.store.items.accounts import ApiKeyItem
from chalicelib.store.keys import api_key_sort_key
from chalicelib.usecases import create
from chalicelib.web import clock
from tests.licenseapi.objects import refused
from tests.signing_keys import held, key, keyring, verify
from tests.support import ADMIN, Application, ChangeRuntime, Vendor

pytestmark = pytest.mark.in_process("the secrets change while the process runs")


class Server:
    """What the app is while the secrets change: it starts, it lives on, it starts again."""

    def __init__(self, change_runtime: ChangeRuntime) -> None:
        self.change_runtime, self.stored = change_runtime, held(1)
        self.reads = 0
        """How often it has read them again."""

    def start(self, stored: Secrets) -> None:
        """A new process, which reads the secrets."""
        self.stored = stored
        self.change_runtime(keyring=keyring(stored, self._read))

    def _read(self) -> Secrets:
        self.reads += 1
        return self.stored


@pytest.fixture
def server(change_runtime: ChangeRuntime) -> Server:
    """With one signing key, the first."""
    server = Server(change_runtime)
    server.start(held(1))
    return server


@pytest.fixture
def old(server: Server, vendor: Vendor, http: httpx.Client) -> Application:
    """An application that was built before the rotation."""
    return built(vendor, http)


def built(vendor: Vendor, http: httpx.Client) -> Application:
    """An application with an API key that is made now."""
    made, shared_key = create.create_api_key(vendor.code, frozenset(), False, ADMIN, now=clock.now())
    return Application(made.api_key, shared_key, http)


def is_answered(application: Application, vendor: Vendor, number: int, hardware_id: str = "hw-1") -> None:
    """Every kind of answer, by the signing key of this number and by no other."""
    license_key = vendor.issue().license_key
    lookup = {"product": "viewer", "license_key": license_key, "hardware_id": hardware_id}
    public = key(number).public_key
    for answer in (
        application.post("activate_license", **lookup),
        application.get("check_license", **lookup),
        application.get("product_details", product="viewer"),
        application.post("track_device_variables", **lookup, variables={"a": "1"}),
        application.post("deactivate_license", **lookup),
    ):
        assert answer.status_code == 200, answer.text
        verify(answer.content, answer.headers["LicenseSignature"], public)
        if answer.url.path.endswith(("activate_license", "check_license")) and answer.text[0] == "{":
            verify(f"{hardware_id}#{license_key}#".lower().encode(), answer.json()["license_signature"], public)


def test_after_a_rotation_each_application_is_answered_by_the_key_that_it_was_built_with(
    server: Server, old: Application, vendor: Vendor, http: httpx.Client
) -> None:
    is_answered(old, vendor, 1)
    server.start(held(2, 1))
    new = built(vendor, http)
    is_answered(old, vendor, 1)
    is_answered(new, vendor, 2)


def test_public_answers_are_by_the_current_key_and_all_keys_are_reported(
    server: Server, old: Application, http: httpx.Client
) -> None:
    server.start(held(2, 1))
    for path in ("/", "/api/v4/", "/api/v4/public_key"):
        answer = http.get(path)
        verify(answer.content, answer.headers["LicenseSignature"], key(2).public_key)
    assert answer.text == key(2).public_key + key(1).public_key


def test_a_server_that_lives_on_answers_a_new_application_without_being_told(
    server: Server, old: Application, vendor: Vendor, http: httpx.Client
) -> None:
    lives_on = runtime().keyring
    server.start(held(2, 1))
    new = built(vendor, http)
    server.change_runtime(keyring=lives_on)
    is_answered(new, vendor, 2)
    is_answered(old, vendor, 1)


def test_whose_key_is_not_there_is_told_to_come_again_before_anything_is_done(
    server: Server, old: Application, vendor: Vendor
) -> None:
    """A wrong signature would be taken for a forgery, and a 4xx for the vendor's word against a good license."""
    license, lookup = vendor.issue(), {"product": "viewer", "hardware_id": "hw-1"}
    server.start(held(2))
    answer = old.post("activate_license", **lookup, license_key=license.license_key)
    assert (answer.status_code, refused(answer)) == (503, "service_busy")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "LicenseSignature" not in answer.headers
    assert vendor.stored(license) == license
    assert refused(old.get("check_license", **lookup, license_key=license.license_key)) == "service_busy"
    server.start(held(2, 1))
    is_answered(old, vendor, 1)


def test_who_may_not_call_does_not_make_the_secrets_be_read(
    server: Server, old: Application, vendor: Vendor, http: httpx.Client
) -> None:
    forger = Application(built(vendor, http).api_key, "not the shared key", http)
    server.start(held(2))
    assert refused(forger.get("product_details", product="viewer")) == "signature_mismatch"
    create.revoke_api_key(vendor.code, old.api_key, ADMIN, now=clock.now())
    assert refused(old.get("product_details", product="viewer")) == "api_key_revoked"
    assert server.reads == 0


def test_an_api_key_from_before_there_were_two_is_answered_by_the_oldest(
    server: Server, old: Application, vendor: Vendor
) -> None:
    item = ApiKeyItem(vendor.code, api_key_sort_key(old.api_key))
    writes.update(item, [ApiKeyItem.signing_key.remove()], ApiKeyItem.pk.exists())
    stored = read_api_key(vendor.code, old.api_key)
    assert stored is not None
    assert stored.signing_key is None
    is_answered(old, vendor, 1)
    server.start(held(2, 1))
    is_answered(old, vendor, 1)
