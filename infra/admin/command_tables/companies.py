"""The commands for companies."""

from chalicelib.domain.mail import OF_COMPANY
from chalicelib.languages import languages
from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import NAME, PAGE

MAIL_KINDS = ", ".join(sorted(OF_COMPANY))
LANGUAGE = values.one_of(*languages())

COMMANDS = (
    Command(
        "company create",
        "a new company: a vendor with products and licenses of its own",
        '--code QBITEC --name "Qbitec"',
        (Option("--code", "CODE", "1 to 32 of A-Z, 0-9 and inner dashes; for good", values.company, True), NAME),
    ),
    Command(
        "company list",
        "the companies that there are, by their codes",
        "--limit 200",
        (
            Option("--limit", "N", "companies at most (50)", values.rows, default=50),
            Option("--after", "CODE", "go on after this company", values.company),
        ),
    ),
    Command(
        "company show",
        "a company: how it shows itself, how its mails are written, and how much it has",
        "QBITEC",
        (Option("code", "CODE", "the company", values.company),),
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
            Option(
                "--portal-host",
                "HOST",
                "of its own for the portal, such as licenses.qbitec.com; '' for none",
                values.portal_host,
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
            Option("--off", "KINDS", f"that nobody gets, of {MAIL_KINDS}; with commas, '' for none", values.mail_kinds),
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
        "company history",
        "what has happened to a company, its people and its orders, the newest first",
        "QBITEC --limit 20",
        (Option("code", "CODE", "the company", values.company), *PAGE),
    ),
)
