"""The policies of a product: found, made, changed, deleted, and applied to licenses that were sold."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain.catalog import Product
from chalicelib.domain.errors import AlreadyExists, Denied, Invalid, NotFound
from chalicelib.domain.events import Actor, Event, EventType, differences
from chalicelib.domain.extras import Extras, FeatureGrant, FieldValue, with_extras
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.policies import (
    CHANGEABLE,
    MAX_POLICIES,
    Policy,
    applied_terms,
    checked_policy,
    counted_from,
)
from chalicelib.domain.products import with_product_terms
from chalicelib.domain.terms import TermChanges
from chalicelib.domain.types import Json
from chalicelib.store.definitions import POLICIES
from chalicelib.usecases.change_terms import Sold
from chalicelib.usecases.definitions import (
    Defined,
    Fields,
    change_definition,
    create_definition,
    delete_definition,
    find_definition,
    read_defined,
)
from chalicelib.usecases.license_extras import Wanted, new_extras

_State = Defined[Policy]


def find_policies(company: str, product: str) -> list[Policy]:
    """The policies of a product by its code, oldest first; none, where there is no such product."""
    return POLICIES.read_all(company, product)


def find_all_policies(company: str) -> list[Policy]:
    """The policies of all products of a company, oldest first."""
    return sorted(POLICIES.read_all(company), key=lambda policy: policy.id)


def find_policy(company: str, policy_id: int) -> Policy:
    """A policy by its id. Raises `company_not_found`, `policy_not_found`."""
    return find_definition(POLICIES, company, policy_id, _missing)


def find_policy_by_code(company: str, product: str, code: str) -> Policy:
    """A policy by its code. Raises `unknown_product`, `policy_not_found`."""
    found = next((one for one in read_defined(POLICIES, company, product).definitions if one.code == code), None)
    if found is None:
        raise _missing()
    return found


def create_policy(company: str, product: str, fields: Fields, actor: Actor, *, now: Instant) -> Policy:
    """Make a policy. `fields`: of `Policy`, those that may be changed; `code` and `name` are needed, and type, devices,
    end and maintenance are the product's where they are not given.

    Raises `company_not_found`, `unknown_product`, `AlreadyExists` for a code that another has; `NotFound`:
    `unsupported_product_feature`; and `Invalid`: one error for each wrong field, `field_unknown`, `too_many_policies`.
    """

    def make(state: _State) -> Policy:
        of_product: Json = {"maintenance_duration": state.product.maintenance_duration}
        given = Policy(**state.begun(now), **of_product | with_product_terms(state.product, fields))
        if len(state.definitions) >= MAX_POLICIES:
            raise Invalid("too_many_policies", field="code", most=MAX_POLICIES)
        return _checked(state, given, now)

    return create_definition(POLICIES, company, product, make, lambda new: _event("policy_created", new, actor, now))


def change_policy(
    company: str, policy_id: int, changes: Fields, actor: Actor, *, revision: int | None = None, now: Instant
) -> Policy:
    """Change what is given, of `CHANGEABLE`, which makes a new version; licenses keep the terms that they were sold.

    The same again changes nothing. `revision`: the one that is to be changed. Raises as `create_policy`, and
    `policy_not_found`, `revision_changed`.
    """
    found = find_policy(company, policy_id)

    def change(state: _State) -> tuple[Policy, Policy]:
        old = state.one(policy_id, _missing, revision)
        return old, _checked(state, replace(old, **changes), now)

    def event(old: Policy, new: Policy) -> Event:
        return _event("policy_changed", new, actor, now, differences(_told(old), _told(new)))

    return change_definition(POLICIES, found, change, event, now=now)


def delete_policy(company: str, policy_id: int, actor: Actor, *, revision: int | None = None, now: Instant) -> None:
    """Sell nothing by a policy any more, and let its code be free; licenses keep their terms.

    `revision`: as in `change_policy`. Raises `company_not_found`, `policy_not_found`, `revision_changed`.
    """
    found = find_policy(company, policy_id)
    delete_definition(
        POLICIES,
        found,
        lambda state: state.one(policy_id, _missing, revision),
        lambda old: _event("policy_deleted", old, actor, now),
    )


def extras_of(policy: Policy | None, product: Product, *, now: Instant) -> Extras:
    """What a license of a product that is issued now carries besides its terms: by its policy, which says all of it, or
    else by the product.

    Raises `Denied`: `policy_of_other_product`, and as `create_policy` for what the product does not define any more.
    """
    if policy is None:
        return Extras(maintenance_period=counted_from(now, product.maintenance_duration))
    if policy.product != product.code:
        raise Denied("policy_of_other_product", product=policy.product)
    return _extras(policy, now)


def _extras(policy: Policy, now: Instant) -> Extras:
    extras = new_extras(policy.company, policy.product, _wanted(policy, now), policy.custom_fields, now=now)
    more = {
        "note": policy.note,
        "metadata": policy.metadata,
        "maintenance_period": counted_from(now, policy.maintenance_duration),
        "policy": policy.origin,
    }
    return with_extras(extras, more)


def changes_of(policy: Policy, *, now: Instant) -> Callable[[Sold], TermChanges]:
    """What makes the changes of a license to which a policy is applied, as `change_terms` takes it.

    Limits, grace, renewal basis and features are the policy's from then on; a feature that stays keeps its id and its
    end. Custom fields and metadata that the policy does not name stay; so does all that belongs to one sale: type,
    start, end, maintenance, name and note. The changes raise `Denied`: `policy_of_other_product`.
    """
    new = _extras(policy, now)

    def changes(sold: Sold) -> TermChanges:
        license, old = sold
        if license.product != policy.product:
            raise Denied("policy_of_other_product", product=policy.product)
        granted = {grant.code: grant for grant in old.features}
        values = {value.field_id: value for value in old.custom_fields}
        features = [_granted(one, granted.get(one.code), now + n) for n, one in enumerate(new.features)]
        fields = {
            one.field_id: _valued(one, values.get(one.field_id), now + n) for n, one in enumerate(new.custom_fields)
        }
        return applied_terms(policy) | {
            "features": tuple(features),
            "custom_fields": tuple((values | fields).values()),
            "metadata": old.metadata | new.metadata,
            "policy": policy.origin,
        }

    return changes


def _granted(new: FeatureGrant, old: FeatureGrant | None, made_at: Instant) -> FeatureGrant:
    return replace(new, id=new_id(made_at)) if old is None else replace(new, id=old.id, expires_at=old.expires_at)


def _valued(new: FieldValue, old: FieldValue | None, made_at: Instant) -> FieldValue:
    return replace(new, id=new_id(made_at) if old is None else old.id)


def _wanted(policy: Policy, now: Instant) -> Sequence[Wanted]:
    return [
        Wanted(
            code,
            counted_from(now, said.get("valid_duration")),
            {name: value for name, value in said.items() if name != "valid_duration"},
        )
        for code, said in policy.features.items()
    ]


def _checked(state: _State, policy: Policy, now: Instant) -> Policy:
    """A policy of a product, which can be sold. Raises `SeatkeeperError`."""
    checked = checked_policy(policy, by_user=state.product.authorization_method == "user")
    if any(other.code == checked.code for other in state.definitions if other.id != checked.id):
        raise AlreadyExists("already_exists", of="policy", field="code", name=checked.code)
    _extras(checked, now)
    return checked


def _event(type: EventType, policy: Policy, actor: Actor, now: Instant, more: Json | None = None) -> Event:
    named: Json = {"product": policy.product, "policy": policy.code, "policy_id": policy.id}
    return Event.new(type, actor, now, **named, **(more or {}))


def _told(policy: Policy) -> Json:
    """The terms as people read them; of metadata, and of what features have of their own, only that there are some."""
    return {name: getattr(policy, name) for name in CHANGEABLE} | {
        "validity_period": to_iso(policy.validity_period),
        "metadata": "set" if policy.metadata else "",
        "features": ", ".join(sorted(policy.features)),
        "custom_fields": ", ".join(f"{name}: {value}" for name, value in policy.custom_fields.items()),
    }


def _missing() -> NotFound:
    return NotFound("policy_not_found")
