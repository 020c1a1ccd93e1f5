"""The commands for scheduled updates; `license schedule` makes one."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.licenses import TERMS
from infra.admin.command_tables.options import OF_COMPANY, REVISION, changed

THIS = (OF_COMPANY, Option("--update", "ID", "the scheduled update", values.update_id, True))
STATUS = values.one_of("pending", "applied", "canceled", "failed")

COMMANDS = (
    Command(
        "scheduled-update list",
        "what is to be changed of licenses at instants to come, and what came of it, in the order of its scheduling",
        "--company QBITEC --license 123456789 --update-status pending",
        (
            OF_COMPANY,
            Option("--license", "ID", "of this license", values.license_id),
            Option("--update-status", "STATUS", "pending, applied, canceled or failed", STATUS),
            Option("--limit", "N", "updates that are shown, at most (50)", values.rows, default=50),
            Option("--after", "ID", "go on after this update", values.update_id),
        ),
    ),
    Command("scheduled-update show", "one of them", "--company QBITEC --update 123456789", THIS),
    Command(
        "scheduled-update set",
        "change a pending one: when it is made, or terms that it changes; what is not given stays as it was scheduled",
        "--company QBITEC --update 123456789 --at 2028-02-01",
        (*THIS, changed("--at", "ISO", "when; a date alone is its first instant", values.moment), *TERMS, REVISION),
    ),
    Command(
        "scheduled-update apply",
        "make a pending one now",
        "--company QBITEC --update 123456789",
        (*THIS, REVISION),
    ),
    Command(
        "scheduled-update cancel",
        "let a pending one never be made; it stays in the list",
        "--company QBITEC --update 123456789",
        (*THIS, REVISION),
    ),
    Command(
        "scheduled-update delete",
        "take one away; if it is pending it is never made",
        "--company QBITEC --update 123456789",
        (*THIS, REVISION),
    ),
)
