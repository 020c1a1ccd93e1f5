"""The commands that look after a stage: why calls were refused, the sweep, the audit."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import DASH, OF_COMPANY

COMMANDS = (
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
        "report",
        "licenses by product and state, what ends soon, what was never used, and activations and refusals day by day",
        "--company QBITEC --days 30 --ending 60",
        (
            OF_COMPANY,
            Option("--days", "N", "so many days up to today, at most 90 (30)", values.day_count, default=30),
            Option("--ending", "DAYS", "what ends within so many days ends soon (30)", values.day_count, default=30),
            Option("--limit", "N", "licenses at most that each list names (20)", values.rows, default=20),
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
