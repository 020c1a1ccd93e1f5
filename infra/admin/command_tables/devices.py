"""The commands for devices."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import DASH, ON

DEVICE = (*ON, Option("--hardware-id", "ID", DASH, values.hardware_id, required=True))

COMMANDS = (
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
)
