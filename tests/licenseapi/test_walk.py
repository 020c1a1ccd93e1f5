"""A call goes straight down and straight back up: how often an adapter turns to a use case, and what is asked twice.

By rooms and not by names: whatever a function is called, a second way down is counted.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import chalicelib
from infra.call import signed_headers
from tests.support import Vendor
from tests.usecases.people import PASSWORD, chosen
from tests.web.events import answer, event

ROOT = f"{Path(chalicelib.__file__).parent}/"
LOOKS_UP = ("read_", "find_", "user_of_", "licenses_of_", "seen_by_", "held_")
"""How the names of what reads the database begin."""
ADAPTERS, BELOW = {"web", "licenseapi"}, {"usecases", "store"}


def room_of(frame: FrameType | None) -> str:
    """The room of our code that a frame is in, or that has called it."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(ROOT) and (room := name.removeprefix(ROOT).split("/")[0]) in ADAPTERS | BELOW:
            return room
        frame = frame.f_back
    return "web"


class Walk:
    """What is called on the way of one request."""

    def __init__(self) -> None:
        self.down: list[str] = []
        """Where an adapter turned to what is below it; not to the fields of what it holds."""
        self.looked_up: Counter[str] = Counter()
        """What was asked of the catalog or of the database, with what it was asked."""

    def __call__(self, frame: FrameType, what: str, _: Any) -> None:
        code = frame.f_code
        if what != "call" or not code.co_filename.startswith(ROOT) or code.co_name.startswith(("_", "<", "is_")):
            return
        room, name = room_of(frame), f"{Path(code.co_filename).stem}.{code.co_name}"
        if room in BELOW and room_of(frame.f_back) in ADAPTERS:
            self.down.append(name)
        is_read = room == "store" and code.co_name.startswith(LOOKS_UP)
        if is_read or code.co_filename.endswith("usecases/catalog.py"):
            given = [frame.f_locals.get(name) for name in code.co_varnames[: code.co_argcount]]
            self.looked_up[f"{name} {given}"] += 1


def walk(call: Callable[[], dict[str, Any]]) -> Walk:
    """What a call that is granted goes through."""
    found = Walk()
    sys.setprofile(found)
    try:
        answered = call()
    finally:
        sys.setprofile(None)
    assert answered["statusCode"] == 200, answered
    return found


CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("activate_license", {}),
    ("activate_license", {"variables": {"a": "1"}}),
    ("check_license", {}),
    ("deactivate_license", {}),
    ("track_device_variables", {"variables": {"a": "1"}}),
    ("get_device_variables", {}),
)
EMAIL = "ada@customer.test"


def by_key(vendor: Vendor) -> dict[str, str]:
    """What names a license, and activates a device on it."""
    return {"product": "viewer", "license_key": vendor.issue().license_key or ""}


def by_user(vendor: Vendor) -> dict[str, str]:
    """The same of a user, who has one seat."""
    _, password = vendor.assign(vendor.issue("revit", max_license_users=2), EMAIL, 2)
    return {"product": "revit", "username": EMAIL, "password": password or ""}


def by_user_of_several(vendor: Vendor) -> dict[str, str]:
    """The same of a user who has several seats."""
    vendor.assign(vendor.issue("revit", max_license_users=2), EMAIL, 2)
    chosen(vendor, EMAIL)
    return by_user(vendor) | {"password": PASSWORD}


@pytest.mark.parametrize("named", [by_key, by_user, by_user_of_several], ids=lambda named: named.__name__)
@pytest.mark.parametrize(("name", "more"), CALLS)
def test_a_call_goes_down_for_who_calls_and_for_what_is_asked_and_looks_up_each_thing_once(
    vendor: Vendor, named: Callable[[Vendor], dict[str, str]], name: str, more: dict[str, Any]
) -> None:
    given = named(vendor) | {"hardware_id": "pc"}

    def call(name: str, **more: Any) -> dict[str, Any]:
        signed = signed_headers(vendor.api_key, vendor.shared_key)
        sent = {field: value for field, value in (given | more).items() if field != "password" or "activate_" in name}
        if name in ("check_license", "get_device_variables"):
            return answer(event("GET", f"/api/v4/{name}", signed, query=sent))
        return answer(event("POST", f"/api/v4/{name}", signed, body=json.dumps(sent)))

    if name != "activate_license":
        call("activate_license")
    found = walk(lambda: call(name, **more))
    assert len(found.down) == 2, found.down
    assert [asked for asked, times in found.looked_up.items() if times > 1] == []
