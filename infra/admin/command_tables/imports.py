"""The commands that bring in what was sold elsewhere."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import OF_COMPANY

_OPTIONS = (
    OF_COMPANY,
    Option("file", "FILE", "what the other system has exported; several are read as one", values.text, many=True),
    Option("--from", "SYSTEM", f"{', '.join(values.SYSTEMS)}", values.one_of(*values.SYSTEMS), True),
    Option(
        "--product",
        "THEIRS=CODE",
        "what the other system calls a product that has another code here; may be repeated",
        values.pair,
        many=True,
    ),
    Option("--limit", "N", "rows at most that are listed (50); all are counted", values.rows, default=50),
)

COMMANDS = (
    Command(
        "import plan",
        "say of each row of files what an import would do: new, same, changed, or refused and why; nothing is written",
        "--company QBITEC licenses.csv --from csv",
        _OPTIONS,
    ),
    Command(
        "import apply",
        "bring in the licenses of files, each once; again, it does what differs, and goes on where it was cut short",
        "--company QBITEC licenses.csv --from csv --product 7d1f=viewer",
        (
            *_OPTIONS,
            Option("--adopt-until", "ISO", "when devices that come along lapse (in half a year)", values.moment),
        ),
    ),
    Command(
        "import verify",
        "compare what is stored with files that were imported; exit 1 if anything differs",
        "--company QBITEC licenses.csv --from csv",
        _OPTIONS,
    ),
)
