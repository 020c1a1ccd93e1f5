"""The commands for products."""

from infra.admin import values
from infra.admin.command import Command, Option
from infra.admin.command_tables.options import NAME, OF_COMPANY

METHOD = values.one_of("license-key", "user")

COMMANDS = (
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
)
