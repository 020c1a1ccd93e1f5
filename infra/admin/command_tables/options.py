"""Options that several commands take."""

from collections.abc import Callable

from chalicelib.domain.permissions import PERMISSIONS
from infra.admin import values
from infra.admin.command import NotGiven, Option

OF_COMPANY = Option("--company", "CODE", "the company", values.company, required=True)
IF_COMPANY = Option("--company", "CODE", "refuse the license of any other company", values.company)
NAME = Option("--name", "TEXT", "as people read it", values.name, required=True)
ON = (Option("--license", "ID", "the license", values.license_id, required=True), IF_COMPANY)
DASH = "the device; write --hardware-id=-x for one that begins with a dash"
PAGE = (
    Option("--limit", "N", "events at most (50)", values.rows, default=50),
    Option("--after", "KEY", "go on after the event of this key", values.text),
)
KINDS = ", ".join(PERMISSIONS)
"""What managers may be denied."""
IDEMPOTENCY_KEY = Option(
    "--idempotency-key", "KEY", "of your own; with it again within a day, nothing more is made", values.text
)
REVISION = Option("--revision", "N", "only if nobody has changed it since it was shown with this", values.count)


def changed(name: str, shape: str, help: str, read: Callable[[str], object]) -> Option:
    """What stays as it is, where it is not given."""
    return Option(name, shape, help, read, default=NotGiven)
