"""The commands for webhooks."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import IDEMPOTENCY_KEY, OF_COMPANY

WEBHOOK = (OF_COMPANY, Option("--webhook", "ID", "the webhook", values.webhook_id, required=True))
EVENT = "a type of docs/webhooks.md, or 'license.*', or '*'; may be repeated"

COMMANDS = (
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
        "webhook show",
        "a webhook: where it goes, what it is told, what waits for it, and since when it fails",
        "--company QBITEC --webhook 123456789",
        WEBHOOK,
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
)
