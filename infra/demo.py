"""The demo of a first start: a company with two products and a license of each, to be tried with `infra.call`, and what
the first calls of a vendor's own server need (docs/management-api.md).

Made step by step, each of which looks first whether it has been done: a start that was cut short is finished by the
next one. Once it is in `demo.json` nothing is made again, whatever the operator has done with it since.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from chalicelib.domain.batch import DEFAULT_MAX_ACTIVATIONS
from chalicelib.domain.catalog import ApiKey
from chalicelib.domain.errors import AlreadyExists
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import AuthorizationMethod, License
from chalicelib.domain.management_keys import SCOPES
from chalicelib.domain.terms import Terms
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.runtime import runtime
from chalicelib.store import accounts, licenses
from chalicelib.usecases import create
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.management_keys import create_management_key
from chalicelib.usecases.order_managers import find_order
from chalicelib.usecases.policies import create_policy
from chalicelib.usecases.product_features import create_feature
from infra import local

COMPANY, MANAGER, USER, CUSTOMER = "QBITEC", "manager@qbitec.com", "don.joe@qbitec.com", "office@studio.example"
ORDER = "demo"
FEATURES: Sequence[Mapping[str, Any]] = (  # each as `ProductFeature` has them
    {"code": "export", "name": "Export", "feature_type": "activation"},
    {
        "code": "pages",
        "name": "Printed pages",
        "feature_type": "consumption",
        "max_consumption": 100,
        "reset_consumption": True,
        "consumption_period": "monthly",
    },
)
"""Of the product viewer."""
POLICY: Mapping[str, Any] = {  # as `Policy` has it
    "code": "pro",
    "name": "Viewer Pro",
    "license_type": "subscription",
    "valid_duration": "1y",
    "max_activations": 3,
    "grace_period": 72,
    "features": {"export": {}, "pages": {"max_consumption": 500}},
}
"""Of the same."""
_ACTOR = Actor("demo")


def seed(data_dir: Path, base_url: str, *, now: Instant) -> tuple[Json, bool]:
    """Make the demo, or what is missing of it, on the first start.

    Answers what `demo.json` says from now on, and whether it was made now. Raises `DataDirError`.
    """
    stored = _stored(data_dir)
    demo = (stored or _make(now)) | {"base_url": base_url}
    if "management_api_key" not in demo:  # of a start before there was one
        demo["management_api_key"] = _management_api_key(now)
    local.write_private(local.demo_file(data_dir), demo)
    return demo, stored is None


def _stored(data_dir: Path) -> Json | None:
    """What an earlier start has made, if the data is still there."""
    demo = local.read_demo(data_dir)
    return demo if demo and accounts.read_api_key(COMPANY, demo["api_key"]) else None


def _make(now: Instant) -> Json:
    with suppress(AlreadyExists):  # each may be there
        create.create_company(COMPANY, "Qbitec", _ACTOR, now=now)
    _product("revit", "Qbitech for Revit", "user", now)
    _product("viewer", "Qbitech Viewer", "license-key", now)
    for feature in FEATURES:
        with suppress(AlreadyExists):
            create_feature(COMPANY, "viewer", feature, _ACTOR, now=now)
    with suppress(AlreadyExists):
        create_policy(COMPANY, "viewer", POLICY, _ACTOR, now=now)
    # A millisecond apart: ids of one millisecond are equal once in 4096.
    revit = _license("revit", Terms("perpetual", 10, 5, order_id=ORDER, customer=CUSTOMER), now)
    viewer = _license("viewer", Terms("perpetual", 5, order_id=ORDER, customer=CUSTOMER), now + 1)
    with suppress(AlreadyExists):
        assign_user(COMPANY, revit.id, USER, DEFAULT_MAX_ACTIVATIONS, _ACTOR, now=now + 1)
    api_key, order = _api_key(now), find_order(COMPANY, ORDER)
    return {
        "base_url": "",
        "company_code": COMPANY,
        "api_key": api_key.api_key,
        "shared_key": create.shared_key(api_key),
        "management_api_key": _management_api_key(now),
        "public_key": runtime().keyring.current.public_key,
        "manager": {"email": MANAGER, "password": initial_password(_user(MANAGER))},
        "license_user": {"email": USER, "initial_password": initial_password(_user(USER))},
        "customer": order.customer,
        "order": {"id": order.number, "store_id": order.id},
        "policy": POLICY["code"],
        "licenses": [
            {
                "id": license.id,
                "product": license.product,
                "license_key": license.license_key,
                "max_activations": license.max_activations,
                "max_license_users": license.max_license_users,
            }
            for license in (revit, viewer)
        ],
    }


def _product(code: str, name: str, method: AuthorizationMethod, now: Instant) -> None:
    with suppress(AlreadyExists):
        create.create_product(COMPANY, code, name, method, _ACTOR, now=now)


def _license(product: str, terms: Terms, now: Instant) -> License:
    stored = (licenses.read_license(COMPANY, id) for id in licenses.license_ids(COMPANY))
    for license in stored:
        if license is not None and license.product == product and license.order_id == ORDER:
            return license
    return issue_license(COMPANY, product, terms, MANAGER, _ACTOR, now=now)[0]


def _api_key(now: Instant) -> ApiKey:
    """One that may do all, and is answered by the key whose public half `demo.json` tells."""
    current = (key for key in accounts.read_api_keys(COMPANY) if key.signing_key == runtime().keyring.current.id)
    free = (key for key in current if not (key.revoked or key.read_only or key.products))
    return next(free, None) or create.create_api_key(COMPANY, frozenset(), False, _ACTOR, now=now)[0]


def _management_api_key(now: Instant) -> str:
    """A new one that may do all: of one that was made before nothing is left to tell."""
    return create_management_key(COMPANY, "Demo", frozenset(SCOPES), _ACTOR, now=now)[1]


def _user(email: str) -> User:
    user_id = accounts.user_of_email(COMPANY, email)
    user = None if user_id is None else accounts.read_user(COMPANY, user_id)
    assert user is not None, f"{email} has just been made"
    return user
