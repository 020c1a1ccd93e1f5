"""The commands for users: their seats and their accounts."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import OF_COMPANY, ON, PAGE, changed

USER = (*ON, Option("--email", "EMAIL", "the user", values.email, required=True))
PERSON = (
    Option("--first-name", "TEXT", "of the person, for this license", values.person_name),
    Option("--last-name", "TEXT", "of the person, for this license", values.person_name),
    Option("--phone", "TEXT", "of the person, for this license", values.phone_number),
    Option("--invite", "", "mail a link to choose a password, in the place of an initial password"),
)
ACCOUNT = (OF_COMPANY, Option("--email", "EMAIL", "the user", values.email, required=True))

LISTED = (
    Option("--limit", "N", "accounts at most (50)", values.rows, default=50),
    Option("--after", "ID", "go on after this account", values.user_id),
)

COMMANDS = (
    Command(
        "user list",
        "the accounts of a company, by their ids: all, or those of a license, of managers, or that are closed",
        "--company QBITEC --license 123456789 --limit 200",
        (
            OF_COMPANY,
            Option("--license", "ID", "with a seat on this license", values.license_id),
            Option("--managers", "", "those alone who manage an order, or have managed one"),
            Option("--closed", "", "those alone that are closed"),
            *LISTED,
        ),
    ),
    Command(
        "user find",
        "accounts by an id or a whole email, else by part of email, name or phone number",
        "--company QBITEC joe",
        (OF_COMPANY, Option("text", "TEXT", "what is known", values.text), *LISTED),
    ),
    Command(
        "user show",
        "an account: names, how it logs in, its licenses with what it uses of each, and those that it manages",
        "--company QBITEC --email don.joe@qbitec.com",
        (*ACCOUNT, Option("--limit", "N", "licenses at most, held and managed, each (50)", values.rows, default=50)),
    ),
    Command(
        "user assign",
        "assign a user to a license, and make an account with an initial password, if new",
        "--license 123456789 --email don.joe@qbitec.com --max-activations 2 --first-name Don --last-name Joe",
        (
            *USER,
            Option("--max-activations", "N", "of this user: a number, or unlimited (1)", values.limit, default=1),
            *PERSON,
        ),
    ),
    Command(
        "user remove",
        "remove a user from a license, and deactivate the user's devices on it",
        "--license 123456789 --email don.joe@qbitec.com",
        USER,
    ),
    Command(
        "user replace",
        "give a user's place on a license to another person, and deactivate the user's devices on it",
        "--license 123456789 --email don.joe@qbitec.com --by ann.lee@qbitec.com --first-name Ann --invite",
        (*USER, Option("--by", "EMAIL", "who comes", values.email, required=True), *PERSON),
    ),
    Command(
        "user set-password",
        "set a user's initial password: one from standard input, else a new one",
        "--license 123456789 --email don.joe@qbitec.com --password-stdin < password.txt",
        (*USER, Option("--password-stdin", "", "read it from the first line of standard input")),
    ),
    Command(
        "user set-max-activations",
        "change how many devices a user may have; those that are active stay so",
        "--license 123456789 --email don.joe@qbitec.com --max-activations 3",
        (*USER, Option("--max-activations", "N", "a number, or unlimited", values.limit, True)),
    ),
    Command(
        "user reset-activations",
        "deactivate a user's devices on a license",
        "--license 123456789 --email don.joe@qbitec.com",
        USER,
    ),
    Command(
        "user unlock",
        "let a user log in again whom failed log-ins keep out, whoever made them",
        "--company QBITEC --email don.joe@qbitec.com",
        ACCOUNT,
    ),
    Command(
        "user remove-second-factor",
        "let a user log in with the password alone who has lost phone and recovery codes; ask who it is",
        "--company QBITEC --email don.joe@qbitec.com",
        ACCOUNT,
    ),
    Command(
        "user close",
        "let nobody log in to an account any more, and take its seats and orders; repeat it if it was cut short",
        "--company QBITEC --email don.joe@qbitec.com",
        ACCOUNT,
    ),
    Command(
        "user reopen",
        "let an account that was closed be given seats again",
        "--company QBITEC --email don.joe@qbitec.com",
        ACCOUNT,
    ),
    Command(
        "user change-email",
        "give an account another email, with all its seats; it has to be nobody's",
        "--company QBITEC --email don.joe@qbitec.com --new-email don.doe@qbitec.com",
        (*ACCOUNT, Option("--new-email", "EMAIL", "the email from now on", values.new_email, required=True)),
    ),
    Command(
        "user set",
        "change names or the phone number of an account; what is not given stays",
        "--company QBITEC --email don.joe@qbitec.com --last-name Joe",
        (
            *ACCOUNT,
            changed("--first-name", "TEXT", "'' for none", values.person_name_or_none),
            changed("--last-name", "TEXT", "'' for none", values.person_name_or_none),
            changed("--phone", "TEXT", "'' for none", values.phone_or_none),
        ),
    ),
    Command(
        "user history",
        "what has happened to an account, the newest first",
        "--company QBITEC --email don.joe@qbitec.com --limit 20",
        (*ACCOUNT, *PAGE),
    ),
)
