"""The commands for products, their features and their custom fields."""

from typing import get_args

from chalicelib.domain.custom_fields import DataType
from chalicelib.domain.features import FeatureType
from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import NAME, OF_COMPANY, PAGE, REVISION, changed

METHOD = values.one_of("license-key", "user")
STATE = values.one_of("active", "disabled", "archived")
LICENSE_TYPE = values.one_of("perpetual", "time-limited", "subscription")
TYPE = values.one_of(*get_args(FeatureType))
DATA_TYPE = values.one_of(*get_args(DataType))
THIS = (OF_COMPANY, Option("--code", "CODE", "the product", values.product, True))
OF_PRODUCT = (OF_COMPANY, Option("--product", "CODE", "the product", values.product, True))
FEATURE = (OF_COMPANY, Option("--feature", "ID", "the feature", values.feature_id, True))
FIELD = (OF_COMPANY, Option("--field", "ID", "the custom field", values.field_id, True))
CONSUMPTION = (
    changed("--max-consumption", "N", "uses of one license: a number, or unlimited", values.limit),
    changed("--allow-overages", "yes|no", "whether more may be used", values.yes_or_no),
    changed("--max-overages", "N", "uses beyond, where allowed; 0 for any number", values.count),
    changed("--reset", "PERIOD", "uses begin anew daily, weekly, monthly, annually, or never", values.period_or_none),
    changed("--metadata", "JSON", "an object of your own, up to 4 KB", values.json_object),
)
DEFAULT = (
    changed("--default-value", "TEXT", "of licenses that say nothing else; '' for none", values.text_or_none),
    changed("--data-type", "TYPE", " or ".join(get_args(DataType)), DATA_TYPE),
    changed("--description", "TEXT", "what it is for", values.text_or_none),
)

COMMANDS = (
    Command(
        "product create",
        "a new product",
        '--company QBITEC --code viewer --name "Qbitec Viewer" --authorization-method license-key',
        (
            OF_COMPANY,
            Option("--code", "CODE", "what applications send", values.product, True),
            NAME,
            Option("--authorization-method", "METHOD", "license-key or user", METHOD, True),
            Option("--prevent-vm", "", "refuse virtual machines"),
        ),
    ),
    Command("product list", "the products of a company, oldest first", "--company QBITEC", (OF_COMPANY,)),
    Command(
        "product show",
        "a product: its state, what its licenses begin with, its features and custom fields",
        "--company QBITEC --code viewer",
        THIS,
    ),
    Command(
        "product set",
        "change a product; what is not given stays, and so do the terms of licenses that were issued",
        "--company QBITEC --code viewer --default-license-type subscription --subscription-duration 1y",
        (
            *THIS,
            changed("--name", "TEXT", "as people read it", values.name),
            changed("--state", "STATE", "active; disabled or archived refuses every use", STATE),
            changed("--prevent-vm", "yes|no", "whether virtual machines are refused", values.yes_or_no),
            changed("--default-license-type", "TYPE", "perpetual, time-limited or subscription", LICENSE_TYPE),
            changed("--max-activations", "N", "of a license that does not say how many", values.count),
            changed(
                "--valid-duration", "DURATION", "of a license without an end: 30d, 12m, 1y; '' for none", values.lasting
            ),
            changed("--subscription-duration", "DURATION", "the same of a subscription; '' for none", values.lasting),
            changed("--maintenance-duration", "DURATION", "from a license's issue; '' for no end", values.lasting),
            changed("--allow-trial", "yes|no", "whether applications may ask for a trial", values.yes_or_no),
            changed("--trial-days", "N", "how long a trial lasts", values.count),
            changed("--metadata", "JSON", "an object of your own, up to 16 KB", values.json_object),
            REVISION,
        ),
    ),
    Command(
        "product history",
        "what has happened to a product, its features, custom fields and policies, the newest first",
        "--company QBITEC --code viewer --limit 20",
        (*THIS, *PAGE),
    ),
    Command(
        "feature create",
        "define a feature of a product, which its licenses can be granted",
        "--company QBITEC --product viewer --code pages --name Pages --type consumption --max-consumption 100",
        (
            *OF_PRODUCT,
            Option("--code", "CODE", "what applications ask for", values.text, True),
            NAME,
            Option("--type", "TYPE", "activation, or consumption, which is used up", TYPE, True),
            *CONSUMPTION,
        ),
    ),
    Command(
        "feature list",
        "the features of a product, oldest first",
        "--company QBITEC --product viewer",
        (*OF_PRODUCT, Option("--all", "", "also those that are deleted")),
    ),
    Command(
        "feature show",
        "a feature, also one that is deleted",
        "--company QBITEC --feature 123456789",
        FEATURE,
    ),
    Command(
        "feature set",
        "change a feature; what is not given stays, and so does what licenses were granted of it",
        "--company QBITEC --feature 123456789 --max-consumption unlimited",
        (
            *FEATURE,
            changed("--code", "CODE", "what applications ask for", values.text),
            changed("--name", "TEXT", "as people read it", values.name),
            changed("--type", "TYPE", "activation or consumption", TYPE),
            *CONSUMPTION,
            REVISION,
        ),
    ),
    Command(
        "feature delete",
        "grant a feature no more; licenses that have it keep it",
        "--company QBITEC --feature 123456789",
        FEATURE,
    ),
    Command(
        "field create",
        "define a custom field of a product, of which each license has a value",
        "--company QBITEC --product viewer --name Region --default-value EU",
        (*OF_PRODUCT, NAME, *DEFAULT),
    ),
    Command(
        "field list",
        "the custom fields of a product, oldest first",
        "--company QBITEC --product viewer",
        OF_PRODUCT,
    ),
    Command("field show", "a custom field", "--company QBITEC --field 123456789", FIELD),
    Command(
        "field set",
        "change a custom field; what is not given stays, and so do the values of licenses",
        "--company QBITEC --field 123456789 --default-value US",
        (*FIELD, changed("--name", "TEXT", "as people read it", values.name), *DEFAULT, REVISION),
    ),
    Command(
        "field delete",
        "delete a custom field; licenses keep the values that they have",
        "--company QBITEC --field 123456789",
        FIELD,
    ),
)
