"""Every command, as data. The function of a command has its name, and stands in `audits.py`, `commands.py`,
`orders.py`, `people.py`, `seats.py`, `histories.py`, `explanations.py`, `management_keys.py` or `webhooks.py`."""

from typing import get_args

from chalicelib.domain.catalog import Scope
from chalicelib.domain.management_keys import SCOPES
from chalicelib.languages import languages
from infra.admin import values
from infra.admin.command import Command, Option

OF_COMPANY = Option("--company", "CODE", "the company", values.company, required=True)
IF_COMPANY = Option("--company", "CODE", "refuse the license of any other company", values.company)
NAME = Option("--name", "TEXT", "as people read it", values.name, required=True)
THIS = (Option("license", "ID", "the license", values.license_id), IF_COMPANY)
ON = (Option("--license", "ID", "the license", values.license_id, required=True), IF_COMPANY)
USER = (*ON, Option("--email", "EMAIL", "the user", values.email, required=True))
PERSON = (
    Option("--first-name", "TEXT", "of the person, for this license", values.person_name),
    Option("--last-name", "TEXT", "of the person, for this license", values.person_name),
    Option("--phone", "TEXT", "of the person, for this license", values.phone_number),
    Option("--invite", "", "mail a link to choose a password, in the place of an initial password"),
)
ACCOUNT = (OF_COMPANY, Option("--email", "EMAIL", "the user", values.email, required=True))
DASH = "the device; write --hardware-id=-x for one that begins with a dash"
DEVICE = (*ON, Option("--hardware-id", "ID", DASH, values.hardware_id, required=True))
ORDER = (OF_COMPANY, Option("--order", "ID", "the order", values.text, required=True))
WEBHOOK = (OF_COMPANY, Option("--webhook", "ID", "the webhook", values.webhook_id, required=True))
PAGE = (
    Option("--limit", "N", "events at most (50)", values.rows, default=50),
    Option("--after", "KEY", "go on after the event of this key", values.text),
)
IDEMPOTENCY_KEY = Option(
    "--idempotency-key", "KEY", "of your own; with it again within a day, nothing more is made", values.text
)
METHOD = values.one_of("license-key", "user")
SCOPE = values.one_of(*get_args(Scope))
MANAGEMENT_SCOPE = values.one_of(*SCOPES)
LANGUAGE = values.one_of(*languages())
TYPE = values.one_of("perpetual", "time-limited", "subscription")
EVENT = "a type of docs/webhooks.md, or 'license.*', or '*'; may be repeated"
END = "the end; a date alone is that day's last instant, in the company's time zone"

COMMANDS = (
    Command(
        "company create",
        "a new company: a vendor with products and licenses of its own",
        '--code QBITEC --name "Qbitec"',
        (Option("--code", "CODE", "1 to 32 of A-Z, 0-9 and inner dashes; for good", values.company, True), NAME),
    ),
    Command(
        "company set",
        "change how a company shows itself in the portal; what is not given stays",
        "--code QBITEC --accent '#0a6e5c' --logo qbitec.svg --logo-dark qbitec-dark.svg",
        (
            Option("--code", "CODE", "the company", values.company, True),
            Option("--name", "TEXT", "as people read it", values.name),
            Option("--accent", "#RRGGBB", "its accent color; '' for the default", values.accent),
            Option(
                "--time-zone", "NAME", "by which a date is a day, such as Europe/Berlin; '' for UTC", values.time_zone
            ),
            Option("--logo", "FILE", "a plain SVG of up to 20 KB; '' for none", str),
            Option("--logo-dark", "FILE", "likewise, for dark pages; '' for the one logo there, too", str),
        ),
    ),
    Command(
        "company mail",
        "change how a company's mails are written, and of what nobody is mailed; what is not given stays",
        "--code QBITEC --language de --support-email help@qbitec.com --off seat_given,order_given",
        (
            Option("--code", "CODE", "the company", values.company, True),
            Option("--language", "CODE", " or ".join(languages()), LANGUAGE),
            Option("--reply-to", "EMAIL", "where answers go; '' for where mail comes from", values.email_or_none),
            Option("--support-email", "EMAIL", "whom mails name for questions; '' for nobody", values.email_or_none),
            Option("--off", "KINDS", "kinds that nobody gets, with commas; '' for none", values.mail_kinds),
        ),
    ),
    Command(
        "company policy",
        "say of whom a company asks a second factor to log in to the portal",
        "--code QBITEC --second-factor managers",
        (
            Option("--code", "CODE", "the company", values.company, True),
            Option("--second-factor", "WHO", "managers or nobody", values.one_of("managers", "nobody"), True),
        ),
    ),
    Command(
        "company delete",
        "delete a company with all that it has, permanently: licenses, people, history",
        "QBITEC --confirm QBITEC",
        (
            Option("code", "CODE", "the company", values.company),
            Option("--confirm", "CODE", "the same code once more", values.company, True),
        ),
    ),
    Command(
        "apikey create",
        "a new API key; its shared key is shown this once",
        "--company QBITEC --read-only --product viewer",
        (
            OF_COMPANY,
            Option("--read-only", "", "the key may not change anything"),
            Option("--product", "CODE", "only this product; may be repeated", values.product, many=True),
            Option("--scope", "SCOPE", "people: may read the users of customers; never in an app", SCOPE, many=True),
            Option("--origin", "URL", "for pages of https://app.example; may be repeated", values.origin, many=True),
            Option("--require-digest", "", "take only signatures over the whole request"),
            IDEMPOTENCY_KEY,
        ),
    ),
    Command(
        "apikey revoke",
        "refuse an API key permanently, within a minute everywhere",
        "QBITEC-0123456789abcdef0123456789abcdef",
        (Option("api_key", "API_KEY", "the API key", values.text),),
    ),
    Command(
        "management-key create",
        "a new key of the Management API, for a server of the vendor's; it is shown this once",
        "--company QBITEC --name CRM --scope webhooks:write --expires 2027-12-31",
        (
            OF_COMPANY,
            NAME,
            Option(
                "--scope", "SCOPE", "webhooks:read, say; may be repeated", MANAGEMENT_SCOPE, required=True, many=True
            ),
            Option("--expires", "ISO", "refused from then on; a date alone is that day's last instant", values.moment),
            IDEMPOTENCY_KEY,
        ),
    ),
    Command(
        "management-key list",
        "the keys of the Management API that a company has, and when each was used last",
        "--company QBITEC",
        (OF_COMPANY,),
    ),
    Command(
        "management-key revoke",
        "refuse a key of the Management API permanently, at once",
        "--company QBITEC --key 123456789",
        (OF_COMPANY, Option("--key", "ID", "the key", values.management_key_id, required=True)),
    ),
    Command(
        "secrets create",
        "make the secrets of a new stage; what is there stays",
        "--stage dev",
        (),
    ),
    Command("signing-key show", "the public keys that applications verify answers with", "--stage dev", ()),
    Command(
        "signing-key rotate",
        "a new signing key for API keys to come; the one before goes on for those that are there",
        "--stage dev",
        (),
    ),
    Command(
        "signing-key retire",
        "end the signing key before this one, once no API key is answered by it",
        "--stage dev",
        (),
    ),
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
    Command(
        "license issue",
        "a new license",
        "--company QBITEC --product viewer --license-type time-limited --max-activations 5 --valid-duration 1y",
        (
            OF_COMPANY,
            Option("--product", "CODE", "the product", values.product, True),
            Option("--license-type", "TYPE", "perpetual, time-limited or subscription", TYPE, True),
            Option("--max-activations", "N", "of all devices together: a number, or unlimited", values.limit, True),
            Option("--max-license-users", "N", "of a product with users; unlimited, if not given", values.limit),
            Option("--validity-period", "ISO", END, values.moment),
            Option("--valid-duration", "DURATION", "from the first activation: 30d, 12m, 1y", values.duration),
            Option("--start-date", "ISO", "no activation before; a date alone is its first instant", values.moment),
            Option("--grace-period", "HOURS", "of use after the end (0)", values.count, default=0),
            Option("--max-transfers", "N", "to other devices: -1 none, 0 unlimited (0)", values.transfers, default=0),
            Option("--free-resets", "", "let resets by the customer be no transfers"),
            Option("--order", "ID", "an order of the same customer, or a new one", values.text),
            Option("--customer", "EMAIL", "who buys", values.email),
            Option("--manager", "EMAIL", "who manages the order; gets an account, if new", values.email),
            Option("--license-key", "KEY", "a key of your own, for a product with keys", values.text),
            Option("--trial", "", "mark it as a trial"),
            IDEMPOTENCY_KEY,
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
        "license extend",
        "set the end of a license; one that has expired becomes valid again",
        "123456789 --validity-period 2027-12-31T23:59:59Z",
        (*THIS, Option("--validity-period", "ISO", END, values.moment, True)),
    ),
    Command(
        "license history",
        "what has happened to a license, the newest first",
        "123456789 --limit 20",
        (*THIS, *PAGE),
    ),
    Command(
        "company history",
        "what has happened to a company, its people and its orders, the newest first",
        "QBITEC --limit 20",
        (Option("code", "CODE", "the company", values.company), *PAGE),
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
            Option("--deny", "KINDS", "with commas; all else is allowed; '' for nothing", values.permissions, True),
        ),
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
        "user history",
        "what has happened to an account, the newest first",
        "--company QBITEC --email don.joe@qbitec.com --limit 20",
        (*ACCOUNT, *PAGE),
    ),
    Command(
        "device reset",
        "deactivate a device; counts as no transfer",
        "--license 123456789 --hardware-id my-laptop",
        DEVICE,
    ),
    Command(
        "device blacklist",
        "deactivate a device, and refuse it permanently",
        "--license 123456789 --hardware-id my-laptop",
        DEVICE,
    ),
    Command(
        "device allow",
        "let a blacklisted device be activated again",
        "--license 123456789 --hardware-id my-laptop",
        DEVICE,
    ),
    Command(
        "explain",
        "why calls of a license, a device or a user were refused, and whether they would be now",
        "--company QBITEC --license 123456789 --hardware-id my-laptop",
        (
            OF_COMPANY,
            Option("--license", "ID|KEY", "the license; else all of the user, or of the device", values.license_name),
            Option("--hardware-id", "ID", DASH, values.hardware_id),
            Option("--email", "EMAIL", "the user", values.email),
            Option("--request-id", "ID", "of a refused call (X-Request-Id): what it was about", values.text),
        ),
    ),
    Command(
        "webhook create",
        "tell an address of what happens; its secret is shown this once",
        "--company QBITEC --url https://hooks.example/in --event 'license.*' --event user.locked",
        (
            OF_COMPANY,
            Option("--url", "URL", "https://..., or eventbridge: with a bus of Amazon EventBridge", values.url, True),
            Option("--event", "TYPE", f"{EVENT}; all, if not given", values.event_pattern, many=True),
            Option("--product", "CODE", "only this product; may be repeated", values.product, many=True),
            IDEMPOTENCY_KEY,
        ),
    ),
    Command(
        "webhook list",
        "the webhooks of a company: where they go, and what they are told",
        "--company QBITEC",
        (OF_COMPANY,),
    ),
    Command(
        "webhook set",
        "change a webhook, pause or resume it; what is not given stays",
        "--company QBITEC --webhook 123456789 --event '*' --product viewer",
        (
            *WEBHOOK,
            Option("--url", "URL", "where it goes from now on", values.url),
            Option("--event", "TYPE", EVENT, values.event_pattern, many=True),
            Option("--product", "CODE", "only this; may be repeated; '' for all", values.product_or_all, many=True),
            Option("--pause", "", "send nothing until it is resumed; all of it waits"),
            Option("--resume", "", "send what waits, also where it was disabled because it failed"),
        ),
    ),
    Command(
        "webhook rotate-secret",
        "a new secret, shown this once; for a day all is signed with the one before, too",
        "--company QBITEC --webhook 123456789",
        WEBHOOK,
    ),
    Command(
        "webhook delete",
        "take a webhook away, with what waits for it and its log",
        "--company QBITEC --webhook 123456789",
        WEBHOOK,
    ),
    Command(
        "webhook test",
        "send an event that says nothing, to see whether it arrives",
        "--company QBITEC --webhook 123456789",
        WEBHOOK,
    ),
    Command(
        "webhook log",
        "what waits for a webhook, the next first, and what was delivered or given up, the newest first",
        "--company QBITEC --webhook 123456789 --limit 20",
        (
            *WEBHOOK,
            Option("--limit", "N", "deliveries at most, waiting and done, each (50)", values.rows, default=50),
            Option("--after", "KEY", "go on after the delivery of this key", values.text),
        ),
    ),
    Command(
        "webhook resend",
        "send again what happened in a time and was given up",
        "--company QBITEC --webhook 123456789 --since 2026-11-20 --until 2026-11-22T12:00:00Z",
        (
            *WEBHOOK,
            Option("--since", "ISO", "from then on; a date alone is its first instant", values.moment, True),
            Option("--until", "ISO", "up to then; now, if not given; a date alone is its last instant", values.moment),
            Option("--all", "", "also what was delivered"),
        ),
    ),
    Command(
        "sweep",
        "announce in the history what has expired since the last sweep",
        "--now 2026-12-31T12:00:00Z",
        (Option("--now", "ISO", "as if it were then; what it announces is not taken back", values.clock),),
    ),
    Command(
        "audit",
        "count every license again from its items; exit 1 if anything differs",
        "--company QBITEC --repair",
        (
            Option("--company", "CODE", "this company alone", values.company),
            Option("--repair", "", "first file the names that are missing, and remove those that lead to nothing"),
        ),
    ),
)
