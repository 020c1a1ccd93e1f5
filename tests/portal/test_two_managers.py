"""Two managers share people: on no page does one see what the other's orders say of them, or have beside.

Every route, by the route table, is asked for by the one with ids of his own, of the other's, and mixed. Each page of
people, devices, orders and events shows something of his own here, so a page that showed all would show the other's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.portal.exports import OF_LICENSE
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.change_license import set_name
from chalicelib.usecases.portal_queries.parts import MAX_READS
from chalicelib.web import clock
from tests.portal.browser import browser_of
from tests.portal.test_access import PORTAL
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued

MINE = "other@customer.test"
"""Who looks."""
BOTH, WAITS, THEIRS = "both@customer.test", "waits@customer.test", "theirs@customer.test"
"""One uses licenses of both managers, one was invited to both, and one to the other's alone."""
HIDDEN = ("Theirname", "+49 30 4711", "THEIR-HOST", "their-hw", "Theirbureau", "PO-THEIRS", THEIRS, MANAGER)
"""What the other's order says."""
MY_OWN = {
    "/portal": "My bureau",
    "/portal/activity": "MY-HOST",
    "/portal/licenses": "My bureau",
    "/portal/export/licenses": "My bureau",
    "/portal/people": "Myname",
    "/portal/export/people": "Myname",
    "/portal/people/{user_id}": "Myname",
    "/portal/people/{user_id}/leave": "Myname",
    "/portal/search": "MY-HOST",
    "/portal/invited": WAITS,
    "/portal/invited/again": WAITS,
}
"""What pages over several licenses show to who looks: they are not empty."""


@dataclass(frozen=True)
class World:
    """A full license of each manager, with the same people."""

    vendor: Vendor
    mine: License
    theirs: License
    batch_id: int

    def named(self) -> dict[str, list[Any]]:
        """What may stand in an address, by the name of its part: of one's own first."""
        people = [account(self.vendor, email).id for email in (BOTH, WAITS, THEIRS)]
        hashes = [hash_hardware_id(name) for name in ("my-hw", "their-hw")]
        return {
            "license_id": [self.mine.id, self.theirs.id],
            "user_id": people,
            "device": [f"{hash}-{people[0]}" for hash in hashes] + [f"{hashes[1]}-{people[2]}"],
            "batch_id": [self.batch_id],
            "name": [*OF_LICENSE],
        }

    def queries(self) -> list[str]:
        """What pages are asked for besides."""
        both, waits, theirs = (account(self.vendor, email).id for email in (BOTH, WAITS, THEIRS))
        on = [f"user-{user_id}={license.id}" for user_id in (waits, theirs) for license in (self.theirs, self.mine)]
        searches = [f"search={words}" for words in ("host", "customer.test", "THEIR-HOST", BOTH)]
        return ["", *searches, "format=json", *on[:3], f"user-{both}=on&{on[3]}"]


@pytest.fixture
def world() -> World:
    vendor = Vendor(now=clock.now())
    also_mine = issued(vendor, manager=MINE)
    mine = issued(vendor, manager=MINE, max_license_users=2, max_activations=9)
    theirs = issued(vendor, order_id="PO-THEIRS", max_license_users=4, max_activations=9)
    set_name(vendor.code, mine.id, "My bureau", ADMIN, now=vendor.now)
    set_name(vendor.code, theirs.id, "Theirbureau", ADMIN, now=vendor.now)
    for license, first, phone in (
        (also_mine, "Myname", ""),
        (mine, "Myname", ""),
        (theirs, "Theirname", "+49 30 4711"),
    ):
        for email in (BOTH, WAITS):
            profile = Profile(first, "Lee", phone)
            given = (vendor.code, license.id, email, 3, ADMIN)
            assign_user(*given, profile=profile, invite=email == WAITS, now=vendor.now)
    assign_user(vendor.code, theirs.id, THEIRS, 3, ADMIN, invite=True, now=vendor.now)
    chosen(vendor, BOTH)
    vendor.activate(BOTH, "their-hw", PASSWORD, license_id=theirs.id, report={"hostname": "THEIR-HOST"})
    vendor.activate(BOTH, "my-hw", PASSWORD, license_id=mine.id, report={"hostname": "MY-HOST"})
    batch_id = start_batch(vendor.code, theirs.id, "theirs-too@customer.test", True, ADMIN, now=vendor.now)
    return World(vendor, mine, theirs, batch_id)


def addresses(path: str, world: World) -> Iterator[str]:
    """A route with all that its parts may be."""
    named = world.named()
    parts = re.findall(r"\{(\w+)\}", path)
    for chosen_parts in product(*(named.get(part, ["1"]) for part in parts)):
        given = dict(zip(parts, map(str, chosen_parts), strict=True))
        yield re.sub(r"\{(\w+)\}", lambda part, given=given: given[part[1]], path)  # type: ignore[misc]


@pytest.mark.parametrize("reads", [MAX_READS, 1])
def test_nobody_sees_on_any_page_what_another_manager_has_of_the_same_people(
    world: World, monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    """Also where licenses are looked through in parts: then who and what has that whole name is found by links."""
    monkeypatch.setattr("chalicelib.usecases.portal_queries.parts.MAX_READS", reads)
    browser, wrong = browser_of(world.vendor, MINE), set[tuple[str, str]]()
    secrets = (*HIDDEN, str(world.theirs.id), hash_hardware_id("their-hw"))
    seen = set[str]()
    for path, method in PORTAL:
        if method != "GET" or path == "/portal/log-out":
            continue
        queries = [""] if "{user_id}" in path and "{license_id}" in path else world.queries()
        for address, query in product(addresses(path, world), queries):
            asked = f"{address}?{query}"
            text = browser.http.get(asked, follow_redirects=True).text
            wrong |= {(path, secret) for secret in secrets if secret in text and secret not in asked}
            if path in MY_OWN and MY_OWN[path] in text:
                seen.add(path)
    assert sorted(wrong) == []
    assert seen == MY_OWN.keys() or reads == 1
