"""The commands for licenses."""

from typing import get_args

from chalicelib.domain.license import FLOATING_TIMEOUT, LicenseType, Overage, RenewalBasis
from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import (
    IDEMPOTENCY_KEY,
    IF_COMPANY,
    KINDS,
    OF_COMPANY,
    PAGE,
    REVISION,
    changed,
)

THIS = (Option("license", "ID", "the license", values.license_id), IF_COMPANY)
TYPE = values.one_of(*get_args(LicenseType))
USES = "how often a license by consumption may be used, in each period: a number, or unlimited"
BACK = "whether uses can be given back"
MORE = "whether more may be used than that"
BEYOND = "uses beyond, where that is allowed; 0 for any number"
ANEW = "when uses are counted anew, by UTC: daily, weekly, monthly or annually"
STATUS = values.one_of("active", "inactive", "scheduled", "grace", "expired", "disabled")
BASIS = values.one_of(*get_args(RenewalBasis))
OVERAGE = values.one_of(*get_args(Overage))
OVER = "devices that are let in beyond that: none, 1.25x, 1.5x or 2x in all, or always"
FLOATING = "how many of the active devices may use it at once; 0: all, it is not floating"
HELD = "how long a device of a floating license holds its slot after a check"
RENEWED = "what `license extend --by` counts from: the end, now, or the later of them"
VMS = "whether virtual machines are refused"
END = "the end; a date alone is that day's last instant, in the company's time zone"

TERMS = (
    changed("--max-activations", "N", "of all devices together: a number, or unlimited", values.limit),
    changed("--overage", "SHARE", OVER, OVERAGE),
    changed("--floating-users", "N", FLOATING, values.count),
    changed("--floating-timeout", "MINUTES", HELD, values.count),
    changed("--max-consumptions", "N", USES, values.limit),
    changed("--allow-negative-consumptions", "yes|no", BACK, values.yes_or_no),
    changed("--allow-overages", "yes|no", MORE, values.yes_or_no),
    changed("--max-overages", "N", BEYOND, values.count),
    changed("--consumption-period", "PERIOD", f"{ANEW}; or never", values.period_or_none),
    changed("--max-license-users", "N", "a number, or unlimited", values.limit),
    changed("--max-transfers", "N", "to other devices: -1 none, 0 unlimited", values.transfers),
    changed("--free-resets", "yes|no", "whether resets by the customer are no transfers", values.yes_or_no),
    changed("--prevent-vm", "yes|no", f"{VMS}; '' for as its product says", values.yes_or_no_or_none),
    changed("--validity-period", "ISO", END, values.moment),
    changed("--valid-duration", "DURATION", "from the first activation: 30d, 12m, 1y", values.duration),
    changed("--start-date", "ISO", "no activation before; '' for none", values.moment_or_none),
    changed("--grace-period", "HOURS", "of use after the end", values.count),
    changed("--renewal-basis", "WORD", RENEWED, BASIS),
    changed("--is-trial", "yes|no", "whether it is a trial", values.yes_or_no),
    changed("--name", "TEXT", "what its managers call it; '' for nothing", values.text_or_none),
    changed("--note", "TEXT", "yours alone; '' for none", values.text_or_none),
    changed("--subscription-id", "TEXT", "what your billing calls the subscription; '' for none", values.text_or_none),
    changed("--maintenance-period", "ISO", "versions of up to then; '' for all", values.moment_or_none),
    changed("--metadata", "JSON", "an object of your own; '{}' for none", values.json_object),
    Option("--strict", "", "refuse a limit of devices or users below what is in use"),
)
"""What is changed of a license that was sold."""


COMMANDS = (
    Command(
        "license issue",
        "a new license; (*) what is not given is as its policy says, or its product",
        "--company QBITEC --product viewer --license-type time-limited --max-activations 5 --valid-duration 1y",
        (
            OF_COMPANY,
            Option("--product", "CODE", "the product", values.product, True),
            changed("--license-type", "TYPE", "perpetual, time-limited, subscription or consumption (*)", TYPE),
            changed("--max-activations", "N", "of all devices together: a number, or unlimited (*)", values.limit),
            changed("--overage", "SHARE", f"{OVER} (*)", OVERAGE),
            changed("--floating-users", "N", FLOATING, values.count),
            changed("--floating-timeout", "MINUTES", f"{HELD} ({FLOATING_TIMEOUT})", values.count),
            changed("--max-consumptions", "N", USES, values.limit),
            changed("--allow-negative-consumptions", "yes|no", f"{BACK} (no)", values.yes_or_no),
            changed("--allow-overages", "yes|no", f"{MORE} (no)", values.yes_or_no),
            changed("--max-overages", "N", BEYOND, values.count),
            changed("--consumption-period", "PERIOD", f"{ANEW} (never)", values.period_or_none),
            changed("--max-license-users", "N", "of a product with users: a number, or unlimited (*)", values.limit),
            changed("--validity-period", "ISO", f"{END} (*)", values.moment),
            changed("--valid-duration", "DURATION", "from the first activation: 30d, 12m, 1y (*)", values.duration),
            changed("--start-date", "ISO", "no activation before; a date alone is its first instant", values.moment),
            changed("--grace-period", "HOURS", "of use after the end (*)", values.count),
            changed("--renewal-basis", "WORD", f"{RENEWED} (later) (*)", BASIS),
            changed("--max-transfers", "N", "to other devices: -1 none, 0 unlimited (*)", values.transfers),
            Option("--free-resets", "", "let resets by the customer be no transfers"),
            changed("--prevent-vm", "yes|no", f"{VMS} (*)", values.yes_or_no),
            Option("--policy", "CODE", "a license policy of the product", values.text),
            Option("--order", "ID", "an order of the same customer, or a new one", values.text),
            Option("--customer", "EMAIL", "who buys", values.email),
            Option("--manager", "EMAIL", "who manages the order; gets an account, if new", values.email),
            Option(
                "--deny",
                "KINDS",
                f"what managers of a new order may not do, of {KINDS}; with commas",
                values.permissions,
            ),
            Option("--license-key", "KEY", "a key of your own, for a product with keys", values.text),
            Option("--trial", "", "mark it as a trial"),
            IDEMPOTENCY_KEY,
        ),
    ),
    Command(
        "license list",
        "licenses, oldest first: all, or those of a product, an order, a customer, a person or a device",
        "--company QBITEC --product viewer --license-status expired --limit 200",
        (
            OF_COMPANY,
            Option("--product", "CODE", "of this product", values.product),
            Option("--order", "ID", "of this order", values.text),
            Option("--customer", "EMAIL", "bought by this customer", values.email),
            Option("--user", "EMAIL", "on which this person has a seat", values.email),
            Option("--manager", "EMAIL", "which this person manages", values.email),
            Option("--hardware-id", "TEXT", "on which this device is or was active", values.hardware_id),
            Option("--host-name", "TEXT", "the same, by what the device is called", values.text),
            Option("--license-status", "STATUS", "active, inactive, scheduled, grace, expired or disabled", STATUS),
            Option("--newest-first", "", "begin with the newest"),
            Option("--limit", "N", "licenses at most (50)", values.rows, default=50),
            Option("--after", "ID", "go on after this license", values.license_id),
        ),
    ),
    Command(
        "license find",
        "licenses by what is known of one: id, key, order, hardware id, host name, email of customer, user or manager",
        "--company QBITEC ann@studio.example",
        (
            OF_COMPANY,
            Option("text", "TEXT", "what is known, whole", values.text),
            Option("--limit", "N", "licenses at most that it is one name of (50)", values.rows, default=50),
        ),
    ),
    Command(
        "license show",
        "terms, counts, users and devices",
        "123456789 --limit 200",
        (*THIS, Option("--limit", "N", "users and devices at most, each (50)", values.rows, default=50)),
    ),
    Command("license enable", "let a disabled license be used again", "123456789", THIS),
    Command("license disable", "refuse every use of a license until the vendor enables it", "123456789", THIS),
    Command("license reset", "deactivate all devices and set all counts to zero, also of transfers", "123456789", THIS),
    Command(
        "license rotate-key",
        "a new license key; activations stay, and the old one is answered for a while, or not at all",
        "123456789 --old-key-for 7d",
        (
            *THIS,
            Option("--old-key-for", "DURATION", "that the old one is answered: 7d, 1m", values.duration),
            REVISION,
        ),
    ),
    Command(
        "license move",
        "let a license be one of another order, and of its customer and managers; users and devices stay",
        "123456789 --order A-18",
        (*THIS, Option("--order", "ID", "an order that is there", values.text, True), REVISION),
    ),
    Command(
        "license set-consumption",
        "set how often a license by consumption counts as used in this period; 0 lets it begin anew",
        "123456789 --total 0",
        (*THIS, Option("--total", "N", "uses", values.count, True)),
    ),
    Command("license archive", "put a license away: every use is refused until it is restored", "123456789", THIS),
    Command("license restore", "bring an archived license back as it was", "123456789", THIS),
    Command(
        "license delete",
        "delete a license with its seats and devices, for good; its history stays, and its key is never sold again",
        "123456789",
        (*THIS, REVISION),
    ),
    Command(
        "license set",
        "change the terms of a license; what is not given stays, and a lower limit evicts nobody",
        "123456789 --max-activations 10 --validity-period 2028-12-31",
        (
            *THIS,
            *TERMS,
            REVISION,
        ),
    ),
    Command(
        "license schedule",
        "let the same be changed at an instant to come, by the first sweep from then on",
        "123456789 --at 2028-01-01 --max-activations 10",
        (
            *THIS,
            Option("--at", "ISO", "when; a date alone is its first instant", values.moment, True),
            *TERMS,
        ),
    ),
    Command(
        "license set-features",
        "let a license have these features and no others; one that it has stays as it is",
        "123456789 --feature export --feature beta=2027-12-31",
        (*THIS, Option("--feature", "CODE[=ISO]", "with its end; may be repeated", values.feature, many=True)),
    ),
    Command(
        "license set-fields",
        "set custom fields of a license; others stay",
        "123456789 --field Campus=Zurich --field Seats=",
        (
            *THIS,
            Option("--field", "NAME=VALUE", "without VALUE it goes; may be repeated", values.pair, True, many=True),
        ),
    ),
    Command(
        "license extend",
        "set the end of a license, or move it on; one that has expired becomes valid again",
        "123456789 --by 1y",
        (
            *THIS,
            Option("--validity-period", "ISO", END, values.moment),
            Option("--by", "DURATION", "move it on by so much: 30d, 12m, 1y", values.duration),
            Option("--from", "WORD", "what --by counts from: the end, now, or the later of them (as sold)", BASIS),
        ),
    ),
    Command(
        "license history",
        "what has happened to a license, the newest first",
        "123456789 --limit 20",
        (*THIS, *PAGE),
    ),
)
