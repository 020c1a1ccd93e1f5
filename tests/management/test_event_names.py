"""What events say leaves the house under the names that the Management API has, in webhooks and in histories."""

import json
import re
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from chalicelib.domain import custom_fields, extras, features, policies, products, terms
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.public_events import TYPES, told_detail, told_name
from chalicelib.management.license_body import LicenseBody
from chalicelib.management.license_policies import PolicyBody
from chalicelib.management.license_user_body import SeatBody
from chalicelib.management.orders import OrderBody
from chalicelib.management.product_feature_body import ProductFeatureBody
from chalicelib.management.product_fields import ProductCustomFieldBody
from chalicelib.management.products import ProductBody
from chalicelib.management.scheduled_updates import UpdateBody
from chalicelib.management.webhooks import WebhookBody
from tests.store.case import Case
from tests.store.cases import CASES
from tests.store.test_faults import named, undisturbed

BODIES: Mapping[str, Any] = {  # each a TypedDict
    "license": LicenseBody,
    "product": ProductBody,
    "feature": ProductFeatureBody,
    "field": ProductCustomFieldBody,
    "policy": PolicyBody,
    "update": UpdateBody,
    "manager": OrderBody,
    "user": SeatBody,
    "webhook": WebhookBody,
}
"""The object that an event is about, as the API answers it, by how the event's type begins."""
CHANGEABLE: Mapping[EventType, tuple[str, ...]] = {
    "license_changed": (*terms.CHANGEABLE, *extras.EXTRAS),
    "product_changed": products.CHANGEABLE,
    "feature_changed": features.CHANGEABLE,
    "field_changed": custom_fields.CHANGEABLE,
    "policy_changed": policies.CHANGEABLE,
}
"""What an event can tell as it is and as it was before."""
LISTED = {event for events in TYPES.values() for event in events} | {
    type for type in get_args(EventType) if type.startswith("license_")
}
"""By webhooks, or in the history of a license."""
ACTOR = Actor("admin")


def known(type: str) -> frozenset[str]:
    """The fields of what an event of this type is about."""
    return frozenset(BODIES[type.partition("_")[0]].__annotations__)


@pytest.mark.parametrize("type", CHANGEABLE)
def test_whatever_is_changed_is_told_by_the_names_of_the_api(type: EventType) -> None:
    assert {told_name(type, name) for name in CHANGEABLE[type]} <= known(type)
    before = Event(type, 0, ACTOR, detail=dict.fromkeys(f"{name}_before" for name in CHANGEABLE[type]))
    assert {name.removesuffix("_before") for name in told_detail(before)} <= known(type)
    stored = Event.new(type, ACTOR, 0, changed=", ".join(CHANGEABLE[type]))
    assert set(told_detail(stored)["fields"]) <= known(type)


@pytest.mark.parametrize("case", [case for case in CASES if LISTED & {*case.events}], ids=named)
def test_what_each_use_case_tells_of_what_is_stored_has_a_name_of_the_api(case: Case) -> None:
    for change in undisturbed(case).changes:
        (_, _, part), _, after = json.loads(change)
        if not part.startswith("at#") or after is None or (type := after["type"]["S"]) not in LISTED:
            continue
        text = after.get("detail", {"S": "{}"})["S"]  # ids are words there, so it is no JSON
        names = re.findall(r'"(\w+)": ', text)
        changed = dict(re.findall(r'"(changed)": "([^"]*)"', text))
        said = told_detail(Event(type, 0, ACTOR, detail=dict.fromkeys(names) | changed))
        moved = {name for name in said if f"{name}_before" in said} | {*said.get("fields", ())}
        assert not moved or moved <= known(type), type


def test_an_end_of_an_update_is_told_by_what_has_come_of_it() -> None:
    detail: dict[str, Any] = {"reason": "limit_below_use", "changed": "error, over_at, status"}
    for type, field in (
        ("update_applied", "applied_at"),
        ("update_canceled", "cancelled_at"),
        ("update_failed", "failed_at"),
    ):
        said = told_detail(Event.new(type, ACTOR, 0, **detail))  # type: ignore[arg-type] # one of three
        assert said == {"error_code": "limit_below_use", "fields": [field, "status"]}
