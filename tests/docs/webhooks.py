"""The types of docs/webhooks.md, each with its body: `.venv/bin/python -m tests.docs.webhooks` writes them."""

import argparse
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import NAMESPACE_DNS, uuid5

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import DeviceReport, License
from chalicelib.domain.origin import Origin
from chalicelib.domain.public_events import TEST_TYPE, TYPES
from chalicelib.domain.terms import Terms
from chalicelib.domain.types import Json
from chalicelib.domain.users import MAX_FAILURES
from chalicelib.runtime import runtime, using
from chalicelib.store import database
from chalicelib.usecases import create, endpoints
from chalicelib.usecases.activate import activate
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_device import allow_device, blacklist_device, reset_device
from chalicelib.usecases.change_license import extend, reset_license, set_enabled
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.invitations import invite_again
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.order_managers import add_manager
from chalicelib.usecases.products import change_product
from chalicelib.usecases.scheduled_updates import cancel_update, change_update, delete_update, schedule_update
from chalicelib.usecases.sweep import sweep
from chalicelib.webhooks.client import WebhookClient
from infra import local
from infra.scratch import scratch_folder
from tests.docs.pages import DOCS, with_section
from tests.support import AWS_NOWHERE, DAY, HOUR, Vendor, cheap_passwords
from tests.usecases.receivers import Receivers, listen

PAGE = DOCS / "webhooks.md"
TITLE = "Types"
SENT_WHEN = {
    "license.created": "A license was issued.",
    "license.updated": "What a license allows has changed: its end, a user's limit, or a device that may come again.",
    "license.ends_changed": "A license has a new end; it is also `license.updated`.",
    "license.enabled": "A license may be used again.",
    "license.disabled": "A license may not be used until it is enabled.",
    "license.deleted": "A license is gone for good; its `data` has what names it alone. Its key is never sold again.",
    "license.reset": "All devices of a license were deactivated, and its counts are zero.",
    "license.first_activated": "The first device of a license was activated; it is also `license.activated`.",
    "license.activated": "A device was activated.",
    "license.deactivated": "An application has deactivated its device.",
    "license.will_expire": "A license ends in 30, 7 or 1 days; of several that are due at once, the last alone.",
    "license.will_expire_3_days": "A license ends in 3 days.",
    "license.grace_started": "A license has ended, and may be used for its grace period. At most five minutes later.",
    "license.expired": "A license has ended, and its grace period, if it had one. At most five minutes later.",
    "license.limit_exceeded": "A device more than were sold was activated; it is also `license.activated`.",
    "license.limit_reached": "A limit is reached, and somebody was refused for it. Once a day, license and limit.",
    "scheduled_update.created": "A change of a license's terms was scheduled.",
    "scheduled_update.updated": "It is made at another instant, or changes something else, or is called otherwise.",
    "scheduled_update.applied": "It was made; where it changed something the license is `license.updated`, too.",
    "scheduled_update.canceled": "It will not be made.",
    "scheduled_update.failed": "Its terms were refused when it was due. Nothing was changed; `error_code` says why.",
    "scheduled_update.deleted": "It was taken away; one that was pending will not be made.",
    "license.license_user.assigned": "A user was assigned to a license, perhaps in the place of another.",
    "license.license_user.unassigned": "A user was removed from a license, or replaced by another person.",
    "order.license_user.manager_assigned": "A person manages an order.",
    "product.created": "There is a new product.",
    "product.updated": "A product says something else of itself, or has another feature, custom field or policy.",
    "device.reset": "The vendor or a manager has deactivated a device.",
    "device.blacklisted": "A device is refused for good.",
    "user.invited": "A user was mailed a link to choose a password: with a seat, or once more after it.",
    "user.locked": "Failed log-ins keep a user out for a while. At most once an hour.",
    "user.password_changed": "A user has a new password, chosen or set by somebody else.",
    "webhook.disabled": "A webhook has failed for five days and is sent nothing more. Another one is told of it.",
    TEST_TYPE: "Somebody tries the webhook. Every webhook is sent it, whatever it listens to, with `sequence` 0.",
}
"""The order of the page."""
PETRA, APPLICATION = Actor("admin:petra"), Actor("api:QBITEC-0123456789abcdef0123456789abcdef")
USER, MANAGER, CUSTOMER = "ada@studio.example", "ann@studio.example", "office@studio.example"
DIFFERS = {
    ".company_id": 891540000000011,
    ".user_id": 891540000000033,
    "data.id": 891540000000021,
    "data.license_key": "N6E3T-HAPGM-NTNA7-5BWTU-76DT8",
    "product.id": 891540000000044,
    "license_user.id": 891540000000033,
    "changed.license_key": "N6E3T-HAPGM-NTNA7-5BWTU-76DT8",
    "changed.webhook": 891540000000055,
    "changed.scheduled_update": 891540000000066,
}
"""What stands on the page for values that are others each time, by the object that they are in and their name."""
WIDTH = 110


@dataclass
class Story:
    """What happens, one thing after another."""

    vendor: Vendor = field(default_factory=Vendor)
    receivers: Receivers = field(default_factory=Receivers)
    now: Instant = 0

    def happens(self, act: Callable[..., Any], *given: Any, at: Instant | None = None, **more: Any) -> Any:
        """Do it at an instant, or a few minutes later, and send what is to be sent of it."""
        self.now = self.now + 200_000 if at is None else at
        result = None
        with suppress(SeatkeeperError):
            result = act(*given, now=self.now, **more)
        deliver_events(now=self.now + 1000)
        return result


def bodies() -> dict[str, Json]:
    """The first body of each type that is sent when one of everything happens, by its type."""
    story = Story(now=(vendor := Vendor()).now, vendor=vendor)
    with using(replace(runtime(), webhooks=cast("WebhookClient", story.receivers))):
        webhook = listen(vendor)
        story.happens(endpoints.send_test, vendor.code, webhook, PETRA)
        story.happens(create.create_product, vendor.code, "cad", "Cad", "license-key", PETRA)
        story.happens(change_product, vendor.code, "cad", {"name": "Cad 2027"}, PETRA)
        _license_with_a_key(story)
        _license_with_users(story)
        _license_that_goes_over(story)
        _license_that_is_updated(story)
        story.happens(_disable, vendor.code, listen(vendor, url="https://hooks.example/old"))
    found: dict[str, Json] = {}
    for _, body in story.receivers.taken:
        found.setdefault(body["event"], _as_shown(body) | {"id": str(uuid5(NAMESPACE_DNS, body["event"]))})
    return found


def _license_with_a_key(story: Story) -> None:
    """From its beginning to its end."""
    vendor, code, end = story.vendor, story.vendor.code, story.now + 40 * DAY
    terms = Terms("subscription", 1, validity_period=end, grace_period=72, order_id="A-17", customer=CUSTOMER)
    license, _ = story.happens(issue_license, code, "viewer", terms, None, PETRA)
    key = (code, license.id)
    story.happens(_activate, vendor, license, "my-laptop")
    story.happens(_activate, vendor, license, "one-too-many")
    story.happens(vendor.deactivate, license, "my-laptop")
    story.happens(_activate, vendor, license, "my-laptop")
    story.happens(reset_device, *key, "my-laptop", PETRA)
    story.happens(blacklist_device, *key, "stolen-laptop", PETRA)
    story.happens(set_enabled, *key, False, PETRA)
    story.happens(set_enabled, *key, True, PETRA)
    story.happens(reset_license, *key, PETRA)
    story.happens(extend, *key, end := end + 5 * DAY, None, PETRA)
    story.happens(allow_device, *key, "stolen-laptop", PETRA)
    for hours in (-30 * 24, -7 * 24, -3 * 24, -24, 0, 72):
        story.happens(sweep, at=end + hours * HOUR + 1)
    story.happens(delete_license, *key, PETRA)


def _license_that_is_updated(story: Story) -> None:
    """By what is scheduled: one is made, one is refused, and one is changed, canceled and deleted."""
    license = story.vendor.issue("viewer", order_id="A-19", customer=CUSTOMER)
    story.happens(_activate, story.vendor, license, "my-laptop")
    code, at = story.vendor.code, story.now + HOUR

    def schedule(due: Instant, strict: bool = False, **changes: object) -> int:
        made = story.happens(schedule_update, code, license.id, due, changes, PETRA, strict=strict, name="Renewal")
        return int(made.id)

    schedule(at, max_activations=10)
    schedule(at + HOUR, strict=True, max_activations=0)
    last = schedule(at, note="By phone")
    story.happens(change_update, code, last, {"at": at + DAY}, PETRA, changes={"note": "By letter"})
    story.happens(cancel_update, code, last, PETRA)
    story.happens(delete_update, code, last, PETRA)
    for due in (at, at + HOUR):
        story.happens(sweep, at=due)


def _license_that_goes_over(story: Story) -> None:
    terms = Terms("perpetual", 1, overage="2x", order_id="A-18", customer=CUSTOMER)
    license, _ = story.happens(issue_license, story.vendor.code, "viewer", terms, None, PETRA)
    for hardware_id in ("my-laptop", "my-tablet"):
        story.happens(_activate, story.vendor, license, hardware_id)


def _license_with_users(story: Story) -> None:
    """A user comes, chooses a password, is locked out, and goes."""
    code = story.vendor.code
    license = story.vendor.issue("revit", order_id="B-4", customer=CUSTOMER, max_license_users=1)
    story.happens(add_manager, code, "B-4", MANAGER, PETRA)
    user = story.happens(assign_user, code, license.id, USER, 1, PETRA, invite=True).user
    story.happens(assign_user, code, license.id, "one.too.many@studio.example", 1, PETRA)
    story.happens(invite_again, code, license.id, USER, PETRA, at=story.now + HOUR)
    story.happens(
        change_password, code, USER, initial_password(user), "chosen by herself", Actor(f"user:{USER}", "198.51.100.4")
    )
    for _ in range(MAX_FAILURES):
        story.happens(log_in, code, USER, "a guess", Origin("", "browser"))
    story.happens(remove_user, code, license.id, USER, PETRA)


def _activate(vendor: Vendor, license: License, hardware_id: str, *, now: Instant) -> None:
    report = DeviceReport(hardware_id, hostname="ADA-LAPTOP")
    activate(vendor.code, vendor.lookup(license, hardware_id), None, report, APPLICATION, now=now)


def _disable(company: str, webhook: int, *, now: Instant) -> None:
    endpoints.disable_endpoint(endpoints.find_endpoint(company, webhook), Actor("sender"), now=now)


def _as_shown(body: Json, name: str = "") -> Json:
    return {
        inner: _as_shown(value, inner) if isinstance(value, dict) else value and DIFFERS.get(f"{name}.{inner}", value)
        for inner, value in body.items()
    }


def section_text(found: dict[str, Json]) -> str:
    """What stands under the heading of the page: each type that there is and was found, and its body."""
    names = [name for name in SENT_WHEN if name in found and name in {*TYPES, TEST_TYPE}]
    return "\n\n".join(f"### `{name}`\n\n{SENT_WHEN[name]}\n\n```json\n{_wrapped(found[name])}\n```" for name in names)


def _wrapped(body: Json) -> str:
    """JSON in lines of a width, broken behind commas."""
    lines = [""]
    for piece in json.dumps(body).split(", "):
        line = f"{lines[-1]}, {piece}" if lines[-1] else piece
        lines[-1:] = [line] if len(line) < WIDTH else [lines[-1] + ",", f" {piece}"]
    return "\n".join(lines)


def main() -> None:
    """Write the page's section anew, by an engine of its own."""
    argparse.ArgumentParser(
        prog=".venv/bin/python -m tests.docs.webhooks",
        description="Write the types of docs/webhooks.md, each with a body that the code sends.",
        epilog="example: .venv/bin/python -m tests.docs.webhooks",
    ).parse_args()
    with scratch_folder("seatkeeper-docs-") as home:
        environment = os.environ | local.environment(home) | AWS_NOWHERE
        with using(bootstrap(environment)), cheap_passwords():
            database.create_tables()
            PAGE.write_text(with_section(PAGE.read_text(), TITLE, section_text(bodies())))


if __name__ == "__main__":
    main()
