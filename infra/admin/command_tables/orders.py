"""The commands for orders and their managers."""

from chalicelib.domain.customers import kept_text
from chalicelib.domain.orders import TEXTS
from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import KINDS, OF_COMPANY, PAGE

ORDER = (OF_COMPANY, Option("--order", "ID", "the order", values.text, required=True))
LISTED = (
    Option("--limit", "N", "orders at most (50)", values.rows, default=50),
    Option("--after", "ID", "go on after this order", values.text),
)

_IS_TEST = Option("--is-test", "yes|no", "whether it is a test", values.yes_or_no)


def _reference(text: str) -> str:
    return kept_text(text, TEXTS["reference"])


COMMANDS = (
    Command(
        "order create",
        "sell licenses of a product in a new order; the same again makes nothing, and goes on where it was cut short",
        "--company QBITEC --order A-17 --product viewer --licenses 5 --customer buyer@studio.example --reference PO-77",
        (
            *ORDER,
            Option("--product", "CODE", "what is sold", values.product, required=True),
            Option("--licenses", "N", "how many (1)", values.rows, default=1),
            Option("--policy", "CODE", "a license policy of the product, by whose terms it is sold", values.text),
            Option("--customer", "EMAIL", "who buys", values.email),
            Option("--manager", "EMAIL", "who manages the order; gets an account, if new", values.email),
            Option("--reference", "TEXT", "your other name of it", _reference),
            _IS_TEST,
            Option("--metadata", "JSON", "an object of your own", values.json_object),
        ),
    ),
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
        "an order's customer, managers and licenses, and what is said of it",
        "--company QBITEC --order A-17 --limit 200",
        (
            *ORDER,
            Option("--limit", "N", "licenses at most (50)", values.rows, default=50),
            Option("--after", "ID", "go on after this license", values.license_id),
        ),
    ),
    Command(
        "order set",
        "say something else of an order; what is not given stays",
        "--company QBITEC --order A-17 --reference PO-78 --is-test no",
        (
            *ORDER,
            Option("--reference", "TEXT", "your other name of it; '' for none", _reference),
            _IS_TEST,
            Option("--metadata", "JSON", "an object of your own, for all that was there", values.json_object),
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
