"""What a vendor says of a product: its state, and the terms of its licenses where an issue leaves them out."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.catalog import Product, display_name, product_code
from chalicelib.domain.errors import Invalid, raise_all, wrong_in
from chalicelib.domain.instants import duration_days, parse_duration
from chalicelib.domain.metadata import guard_metadata
from chalicelib.domain.terms import UNDATED, guard_said
from chalicelib.domain.types import Json

TERMS = (
    *("default_license_type", "max_activations", "valid_duration", "subscription_duration", "maintenance_duration"),
    *("allow_trial", "trial_days"),
)
"""What its licenses begin with, where an issue does not say otherwise."""
CHANGEABLE = ("name", "state", "prevent_vm", *TERMS, "metadata")
"""The fields that a vendor sets, also after there are licenses: none of them moves a license that was issued."""
MAX_ACTIVATIONS = 10_000_000
MAX_TRIAL_DAYS = 3650


def checked_product(product: Product) -> Product:
    """A product as it is stored. Raises `Invalid`, with one error for each field that is wrong."""
    raise_all([*wrong_in("code", product_code, product.code), *_wrong_texts(product), *_wrong_counts(product)])
    return replace(product, name=display_name(product.name))


def with_product_terms(product: Product, given: Mapping[str, Any]) -> Json:  # each as `Terms` has it
    """The terms of an issue, by the fields of `Terms`: those that are given, and the product's for the others.

    A trial without a type is time-limited; without an end it lasts `trial_days`. A license that needs an
    end and has none lasts as long as its product says, from its first activation; where that says nothing,
    the issue is refused for it. Raises `Invalid` as `guard_said`.
    """
    is_trial = bool(given.get("is_trial"))
    of_type = "time-limited" if is_trial else product.default_license_type
    terms: Json = {"license_type": of_type, "max_activations": product.max_activations} | dict(given)
    guard_said(terms)
    if terms["license_type"] in UNDATED or terms.get("validity_period") is not None or terms.get("valid_duration"):
        return terms
    return terms | {"valid_duration": _duration(product, terms["license_type"], is_trial=is_trial)}


def _duration(product: Product, license_type: str, *, is_trial: bool) -> str | None:
    if is_trial and product.trial_days:
        return f"{product.trial_days}d"
    return (license_type == "subscription" and product.subscription_duration) or product.valid_duration


def _wrong_texts(product: Product) -> Iterator[Invalid]:
    yield from wrong_in("name", display_name, product.name)
    yield from wrong_in("metadata", guard_metadata, product.metadata)
    for name in ("valid_duration", "subscription_duration", "maintenance_duration"):
        if (duration := getattr(product, name)) is not None:
            yield from wrong_in(name, lambda text: duration_days(parse_duration(text)), duration)


def _wrong_counts(product: Product) -> Iterator[Invalid]:
    for name, most in (("max_activations", MAX_ACTIVATIONS), ("trial_days", MAX_TRIAL_DAYS)):
        if not 0 <= getattr(product, name) <= most:
            yield Invalid("count_out_of_range", field=name, least=0, most=most)
