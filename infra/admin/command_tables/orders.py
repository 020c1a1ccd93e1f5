"""The commands for orders and their managers."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import KINDS, OF_COMPANY, PAGE

ORDER = (OF_COMPANY, Option("--order", "ID", "the order", values.text, required=True))
LISTED = (
    Option("--limit", "N", "orders at most (50)", values.rows, default=50),
    Option("--after", "ID", "go on after this order", values.text),
)

COMMANDS = (
    Command(
        "order list",
        "the orders of a company, by their ids: all, or those of a customer or a manager",
        "--company QBITEC --customer office@studio.example --limit 200",
        (
            OF_COMPANY,
            Option("--customer", "EMAIL", "of the customer who has this email, or had it", values.email),
            Option("--manager", "EMAIL", "which this person manages", values.email),
            *LISTED,
        ),
    ),
    Command(
        "order find",
        "orders by their id, or by part of it or of the customer's email, or by the email of a manager",
        "--company QBITEC A-17",
        (OF_COMPANY, Option("text", "TEXT", "what is known", values.text), *LISTED),
    ),
    Command(
        "order show",
        "an order's customer, managers and licenses",
        "--company QBITEC --order A-17 --limit 200",
        (
            *ORDER,
            Option("--limit", "N", "licenses at most (50)", values.rows, default=50),
            Option("--after", "ID", "go on after this license", values.license_id),
        ),
    ),
    Command(
        "order add-manager",
        "let a person manage an order with all its licenses, and make an account, if new",
        "--company QBITEC --order A-17 --email ann@studio.example",
        (*ORDER, Option("--email", "EMAIL", "who is to manage it", values.email, required=True)),
    ),
    Command(
        "order remove-manager",
        "take a manager off an order; repeat it if it was cut short",
        "--company QBITEC --order A-17 --email ann@studio.example",
        (*ORDER, Option("--email", "EMAIL", "who manages it no longer", values.email, required=True)),
    ),
    Command(
        "order set-permissions",
        "say what the managers of an order may not do with its licenses; repeat it if it was cut short",
        "--company QBITEC --order A-17 --deny reset_license,set_passwords",
        (
            *ORDER,
            Option(
                "--deny",
                "KINDS",
                f"of {KINDS}; with commas, '' for nothing; all else is allowed",
                values.permissions,
                required=True,
            ),
        ),
    ),
    Command(
        "order history",
        "who came to manage an order or ceased to, and what managers may do, the newest first",
        "--company QBITEC --order A-17 --limit 20",
        (*ORDER, *PAGE),
    ),
)
