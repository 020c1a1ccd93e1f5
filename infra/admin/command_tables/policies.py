"""The commands for license policies."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.licenses import BASIS, END, OVER, OVERAGE, RENEWED, VMS
from infra.admin.command_tables.options import NAME, OF_COMPANY, REVISION, changed
from infra.admin.command_tables.products import LICENSE_TYPE, OF_PRODUCT

SOME = (
    Option("--license", "ID", "this license; may be repeated", values.license_id, many=True),
    Option("--limit", "N", "licenses at most of those that were sold by it (1000)", values.rows, default=1000),
    Option("--after", "ID", "go on after this license", values.license_id),
)
THIS = (OF_COMPANY, Option("--policy", "ID", "the policy", values.policy_id, True))
CODE = "what orders name it by"
EXPIRY_BASIS = values.one_of("activation", "issue")


TERMS = (
    changed("--license-type", "TYPE", "perpetual, time-limited or subscription", LICENSE_TYPE),
    changed("--is-trial", "yes|no", "whether they are trials", values.yes_or_no),
    changed("--max-activations", "N", "of all devices together: a number, or unlimited", values.limit),
    changed("--overage", "SHARE", OVER, OVERAGE),
    changed("--max-license-users", "N", "of a product with users: a number, or unlimited", values.limit),
    changed("--max-transfers", "N", "to other devices: -1 none, 0 unlimited", values.transfers),
    changed("--free-resets", "yes|no", "whether resets by the customer are no transfers", values.yes_or_no),
    changed("--prevent-vm", "yes|no", f"{VMS}; '' for as the product says", values.yes_or_no_or_none),
    changed("--grace-period", "HOURS", "of use after the end", values.count),
    changed("--validity-period", "ISO", f"{END}; '' for none", values.moment_or_none),
    changed("--valid-duration", "DURATION", "in its place: 30d, 12m, 1y; '' for none", values.lasting),
    changed("--expiry-basis", "BASIS", "what it counts from: the first activation, or the issue", EXPIRY_BASIS),
    changed("--renewal-basis", "WORD", RENEWED, BASIS),
    changed("--maintenance-duration", "DURATION", "from the issue; '' for no end", values.lasting),
    changed("--note", "TEXT", "yours alone; '' for none", values.text_or_none),
    changed("--metadata", "JSON", "an object of your own; '{}' for none", values.json_object),
    Option(
        "--feature",
        "CODE[=DURATION]",
        "with its time from the issue; may be repeated, then these and no others",
        values.lasting_feature,
        many=True,
    ),
    Option("--field", "NAME=VALUE", "of a custom field; may be repeated, likewise", values.pair, many=True),
)

COMMANDS = (
    Command(
        "policy create",
        "terms under a code, as many licenses are sold; what is not given is as the product says",
        '--company QBITEC --product viewer --code pro --name "Viewer Pro" --license-type subscription'
        " --valid-duration 1y --max-activations 5 --feature export",
        (*OF_PRODUCT, Option("--code", "CODE", CODE, values.text, True), NAME, *TERMS),
    ),
    Command(
        "policy list",
        "the license policies of a product, oldest first",
        "--company QBITEC --product viewer",
        OF_PRODUCT,
    ),
    Command("policy show", "a license policy with all its terms", "--company QBITEC --policy 123456789", THIS),
    Command(
        "policy set",
        "change a license policy, which makes a new version; licenses that were sold keep their terms",
        "--company QBITEC --policy 123456789 --max-activations 10",
        (
            *THIS,
            changed("--code", "CODE", CODE, values.text),
            changed("--name", "TEXT", "as people read it", values.name),
            *TERMS,
            REVISION,
        ),
    ),
    Command(
        "policy delete",
        "sell nothing by a license policy any more; licenses keep the terms that they have",
        "--company QBITEC --policy 123456789",
        THIS,
    ),
    Command(
        "policy preview",
        "tell of each license what `policy apply` would change",
        "--company QBITEC --policy 123456789",
        (*THIS, *SOME),
    ),
    Command(
        "policy apply",
        "let licenses have the limits and features of a policy as it is now: some, or all that were sold by it",
        "--company QBITEC --policy 123456789 --license 234567890",
        (*THIS, *SOME),
    ),
)
