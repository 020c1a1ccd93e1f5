"""Items of a company's partition: what it sells, to whom, and who comes in."""

from dataclasses import replace
from types import MappingProxyType

from chalicelib.domain.catalog import ApiKey, Company, Order, Product
from chalicelib.domain.custom_fields import CustomField
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.license import DeletedLicense
from chalicelib.domain.management_keys import ManagementKey
from chalicelib.domain.orders import TEXTS
from chalicelib.domain.policies import Policy
from chalicelib.domain.users import User
from chalicelib.store import keys
from chalicelib.store.attributes import (
    BooleanAttribute,
    IdSetAttribute,
    IntegerAttribute,
    TextAttribute,
    TextSetAttribute,
)
from chalicelib.store.items.base import AccountsItem
from chalicelib.store.schema import Changes, Fields


class CompanyItem(AccountsItem[Company]):
    """A company."""

    name: TextAttribute
    portal_host: TextAttribute


class ProductItem(AccountsItem[Product]):
    """A product."""

    guarded = frozenset({"definition_changes", "updated_at"})
    definition_changes: IntegerAttribute
    updated_at: IntegerAttribute
    prevent_vm: BooleanAttribute
    state: TextAttribute


class FeatureItem(AccountsItem[ProductFeature]):
    """A feature of a product."""

    guarded = frozenset({"updated_at"})
    updated_at: IntegerAttribute


class FieldItem(AccountsItem[CustomField]):
    """A custom field of a product."""

    guarded = frozenset({"updated_at"})
    updated_at: IntegerAttribute


class PolicyItem(AccountsItem[Policy]):
    """A policy of a product."""

    guarded = frozenset({"updated_at"})
    updated_at: IntegerAttribute


class ApiKeyItem(AccountsItem[ApiKey]):
    """An API key; the half of it that is secret is encrypted."""

    by_hand = ("revoked",)
    api_key: TextAttribute
    disabled: BooleanAttribute
    signing_key: TextAttribute
    is_refused = BooleanAttribute(null=True, attr_name="revoked")
    """Also of a key that is disabled: older code, which knows that of none, refuses it as one that is revoked."""
    may_be_enabled = BooleanAttribute(null=True)
    """Of a key that is disabled and not revoked. One that was disabled before this says so by `disabled` alone."""

    @classmethod
    def attributes_by_hand(cls, value: ApiKey) -> Fields:
        refused = value.revoked or value.disabled
        return {"is_refused": refused, "may_be_enabled": True if refused and not value.revoked else None}

    def fields_by_hand(self) -> Fields:
        return {"revoked": bool(self.is_refused) and not self.may_be_enabled}

    @classmethod
    def changes(cls, old: ApiKey, new: ApiKey) -> Changes:
        """Writes `is_refused` always: a key that older code has disabled does not have what follows from its fields."""
        changes = super().changes(old, new)
        was, becomes = (cls.attributes_by_hand(key)["is_refused"] for key in (old, new))
        return changes if was != becomes else replace(changes, actions=[*changes.actions, cls.is_refused.set(becomes)])


class ManagementKeyItem(AccountsItem[ManagementKey]):
    """A key of the Management API, of which nobody can make the secret again."""

    by_hand = ("scopes",)
    guarded = frozenset({"last_used_at"})
    last_used_at: IntegerAttribute
    of_company = TextSetAttribute(null=True, attr_name="scopes")
    of_products = TextSetAttribute(null=True, attr_name="product_scopes")
    """The scopes of a key that is limited to products: older code, which knows no limit, finds none and refuses it."""

    @classmethod
    def attributes_by_hand(cls, value: ManagementKey) -> Fields:
        return {"of_products" if value.products else "of_company": value.scopes}

    def fields_by_hand(self) -> Fields:
        return {"scopes": self.of_products or self.of_company or frozenset()}


class UserItem(AccountsItem[User]):
    """A user's account."""

    stored_as = MappingProxyType({"access_revision": "seats_given", "email_verified": "proved"})

    guarded = frozenset(
        {
            "email",
            "password_hash",
            "is_initial_password",
            "sealed_initial_password",
            "is_manager",
            "session_epoch",
            "access_revision",
            "email_verified",
            "password_scope",
            "closed_at",
            "reopened_at",
            "invitation_hash",
            "invited_at",
            "invitation_refused_at",
            "sealed_totp_secret",
            "totp_step",
            "recovery_hashes",
            "passkeys",
            "passkey_asked_at",
            "last_login_at",
            "updated_at",
        }
    )

    email: TextAttribute
    password_hash: TextAttribute
    is_initial_password: BooleanAttribute
    sealed_initial_password: TextAttribute
    is_manager: BooleanAttribute
    session_epoch: IntegerAttribute
    access_revision: IntegerAttribute
    email_verified: BooleanAttribute
    password_scope: TextSetAttribute
    closed_at: IntegerAttribute
    reopened_at: IntegerAttribute
    invitation_hash: TextAttribute
    invited_at: IntegerAttribute
    invitation_refused_at: IntegerAttribute
    sealed_totp_secret: TextAttribute
    totp_step: IntegerAttribute
    recovery_hashes: TextSetAttribute
    passkeys: TextSetAttribute
    passkey_asked_at: IntegerAttribute
    last_login_at: IntegerAttribute
    updated_at: IntegerAttribute


class OrderItem(AccountsItem[Order]):
    """An order."""

    by_hand = ("company", "id")
    stored_as = MappingProxyType({"pending_managers": "joining"})
    guarded = frozenset({"pending_managers", "number", "licenses_taken", "licenses_sold", "customer_id"})
    omitted = frozenset({"is_test", "is_trial", *TEXTS})
    customer: TextAttribute
    managers: IdSetAttribute
    pending_managers: IdSetAttribute
    number: IntegerAttribute
    denied: TextSetAttribute
    bought_as: TextAttribute
    licenses_taken: IntegerAttribute
    licenses_sold: IntegerAttribute
    customer_id: IntegerAttribute
    revision: IntegerAttribute

    def fields_by_hand(self) -> Fields:
        return {"company": self.pk, "id": self.sort_key.removeprefix(keys.order_sort_key())}


class DeletedLicenseItem(AccountsItem[DeletedLicense]):
    """What stays known of a license that was deleted."""

    order_id: TextAttribute
    is_cleared: BooleanAttribute
