"""The command that takes away all that a company has."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import OF_COMPANY

COMMANDS = (
    Command(
        "export",
        "all that a company has, a file for each noun; the same once more goes on where it was cut short",
        "backup --company QBITEC --format csv",
        (
            Option("folder", "FOLDER", "where to write: a new or empty folder, or that of the same export", str),
            OF_COMPANY,
            Option(
                "--format",
                "FORMAT",
                "jsonl (JSON lines) or csv (jsonl)",
                values.one_of("jsonl", "csv"),
                default="jsonl",
            ),
        ),
    ),
)
