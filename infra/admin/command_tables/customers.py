"""The commands for customers, their labels and accounts."""

from collections.abc import Mapping
from functools import partial

from chalicelib.domain.customers import OF_ACCOUNT, PROFILE, kept_text
from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import IDEMPOTENCY_KEY, OF_COMPANY, PAGE

_NAMED = (OF_COMPANY, Option("--customer", "ID", "the customer", values.customer_id, required=True))


def _texts(of: Mapping[str, int]) -> tuple[Option, ...]:
    return tuple(
        Option(
            "--" + name.replace("_", "-"),
            "TEXT",
            f"{name.replace('_', ' ')}; '' for none",
            partial(kept_text, most=most),
        )
        for name, most in of.items()
    )


_TEXTS = _texts(PROFILE)
_LABEL = (OF_COMPANY, Option("--label", "ID", "the label", values.customer_id, required=True))
_COLOR = Option("--color", "#RRGGBB", "its color; '' for none", values.accent)
_ACCOUNT = (OF_COMPANY, Option("--account", "ID", "the customer account", values.customer_id, required=True))
_OF_ACCOUNT = _texts({name: most for name, most in OF_ACCOUNT.items() if name != "name"})
_LISTED = (
    Option("--limit", "N", "rows at most (50)", values.rows, default=50),
    Option("--after", "ID", "go on after this customer", values.customer_id),
)

COMMANDS = (
    Command(
        "customer create",
        "make a customer; the first sale to an email makes one, too",
        "--company QBITEC --email buying@studio.example --company-name Studio --reference CRM-17",
        (
            OF_COMPANY,
            Option("--email", "EMAIL", "no other customer's", values.new_email, required=True),
            *_TEXTS,
            Option("--account", "ID", "the customer account", values.customer_id),
            Option("--metadata", "JSON", "an object of your own", values.json_object),
        ),
    ),
    Command(
        "customer list",
        "customers, oldest first: all, or those with an email, a reference, a label or an account",
        "--company QBITEC --label 55555 --limit 200",
        (
            OF_COMPANY,
            Option("--email", "EMAIL", "the one who has it, or had it", values.email),
            Option("--reference", "TEXT", "with just this reference", values.text),
            Option("--label", "ID", "with this label; may be repeated: any of them", values.customer_id, many=True),
            Option("--account", "ID", "of this customer account", values.customer_id),
            *_LISTED,
        ),
    ),
    Command(
        "customer find",
        "customers by an id or a whole email, else by part of email, name, company name, phone or reference",
        "--company QBITEC studio",
        (OF_COMPANY, Option("text", "TEXT", "what is known", values.text), *_LISTED),
    ),
    Command(
        "customer show",
        "a customer, with labels, account and how much was sold",
        "--company QBITEC --customer 123456789",
        _NAMED,
    ),
    Command(
        "customer set",
        "change a customer; what is not given stays, and what was sold follows to another email",
        "--company QBITEC --customer 123456789 --email office@studio.example --city Ulm",
        (
            *_NAMED,
            Option("--email", "EMAIL", "from now on; repeat it if it was cut short", values.new_email),
            *_TEXTS,
            Option("--account", "ID", "the customer account; '' for none", values.customer_id_or_none),
            Option("--metadata", "JSON", "an object of your own, for all that was there", values.json_object),
        ),
    ),
    Command(
        "customer history",
        "what has happened to a customer, the newest first",
        "--company QBITEC --customer 123456789 --limit 20",
        (*_NAMED, *PAGE),
    ),
    Command(
        "customer merge",
        "let a customer take over what was sold to another one, whose record goes; repeat it if it was cut short",
        "--company QBITEC --customer 123456789 --other 987654321",
        (*_NAMED, Option("--other", "ID", "the customer whose record goes", values.customer_id, required=True)),
    ),
    Command(
        "customer delete",
        "take a customer away to whom nothing was sold",
        "--company QBITEC --customer 123456789",
        _NAMED,
    ),
    Command(
        "customer add-label",
        "put a label on a customer",
        "--company QBITEC --customer 123456789 --label 55555",
        (*_NAMED, *_LABEL[1:]),
    ),
    Command(
        "customer remove-label",
        "take a label off a customer",
        "--company QBITEC --customer 123456789 --label 55555",
        (*_NAMED, *_LABEL[1:]),
    ),
    Command(
        "label create",
        "make a label for customers",
        "--company QBITEC --text reseller --color '#0a6e5c'",
        (OF_COMPANY, Option("--text", "TEXT", "the word", values.text, required=True), _COLOR, IDEMPOTENCY_KEY),
    ),
    Command("label list", "the labels of a company", "--company QBITEC", (OF_COMPANY,)),
    Command("label show", "a label", "--company QBITEC --label 55555", _LABEL),
    Command(
        "label set",
        "change a label; what is not given stays",
        "--company QBITEC --label 55555 --text partner",
        (*_LABEL, Option("--text", "TEXT", "the word", values.text), _COLOR),
    ),
    Command("label delete", "take a label away, from all customers", "--company QBITEC --label 55555", _LABEL),
    Command(
        "customer-account create",
        "make a customer account: what several customers belong to",
        "--company QBITEC --name 'Studio group' --code studio",
        (
            OF_COMPANY,
            Option("--name", "TEXT", "what people call it", values.text, required=True),
            *_OF_ACCOUNT,
            Option("--email", "EMAIL", "of the account; '' for none", values.email_or_none),
            IDEMPOTENCY_KEY,
        ),
    ),
    Command("customer-account list", "the customer accounts of a company", "--company QBITEC", (OF_COMPANY,)),
    Command("customer-account show", "a customer account", "--company QBITEC --account 77777", _ACCOUNT),
    Command(
        "customer-account set",
        "change a customer account; what is not given stays",
        "--company QBITEC --account 77777 --description 'three offices'",
        (
            *_ACCOUNT,
            Option("--name", "TEXT", "what people call it", values.text),
            *_OF_ACCOUNT,
            Option("--email", "EMAIL", "of the account; '' for none", values.email_or_none),
        ),
    ),
    Command(
        "customer-account delete",
        "take a customer account away; its customers stay",
        "--company QBITEC --account 77777",
        _ACCOUNT,
    ),
)
