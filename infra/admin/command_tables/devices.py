"""The commands for devices."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import DASH, OF_COMPANY, ON
from infra.admin.command_tables.options import PAGE as OF_EVENTS

DEVICE = (*ON, Option("--hardware-id", "ID", DASH, values.hardware_id, required=True))

PAGE = (
    Option("--limit", "N", "devices at most (50)", values.rows, default=50),
    Option("--after", "CURSOR", "go on behind this place, which the list before has answered", values.text),
)

COMMANDS = (
    Command(
        "device list",
        "the devices of a license",
        "--license 123456789 --host-name studio",
        (*ON, Option("--host-name", "NAME", "only those that have reported it", values.text), *PAGE),
    ),
    Command(
        "device find",
        "the devices of a hardware id or a host name, on whichever licenses, the newest license first",
        "--company QBITEC --host-name studio",
        (
            OF_COMPANY,
            Option("--hardware-id", "ID", DASH, values.hardware_id),
            Option("--host-name", "NAME", "what it has reported", values.text),
            *PAGE,
        ),
    ),
    Command(
        "device show",
        "one device by its id, with what it has reported and what is kept with it",
        "123456789 --company QBITEC",
        (Option("device", "ID", "the device", values.device_id), OF_COMPANY),
    ),
    Command(
        "device set",
        "set variables that are kept with a device; others stay",
        "123456789 --company QBITEC --variable plan=pro --variable trial=",
        (
            Option("device", "ID", "the device", values.device_id),
            OF_COMPANY,
            Option(
                "--variable", "NAME=VALUE", "without VALUE it goes; may be repeated", values.variable, True, many=True
            ),
        ),
    ),
    Command(
        "device history",
        "what has happened to a device on a license, the newest first",
        "--license 123456789 --hardware-id my-laptop --limit 20",
        (*DEVICE, *OF_EVENTS),
    ),
    Command(
        "device add-legacy",
        "let a device of another license system hold a place, until a new device takes it over",
        "--license 123456789 --hardware-id their-id --adopt-until 2027-03-31",
        (
            *DEVICE,
            Option("--user", "EMAIL", "of this user of the license; of nobody, if not given", values.email),
            Option("--host-name", "NAME", "what it is called", values.text),
            Option(
                "--adopt-until",
                "ISO",
                "then the places of all that wait on the license are free; a date alone is that day's last instant",
                values.moment,
                required=True,
            ),
        ),
    ),
    Command(
        "device reset",
        "deactivate a device; counts as no transfer",
        "--license 123456789 --hardware-id my-laptop",
        DEVICE,
    ),
    Command(
        "device release",
        "free the slot of a floating license that a device holds; it takes one again when it checks",
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
