"""Every command, in the order in which `--help` lists them. What each takes stands with its noun in `command_tables/`;
its function has its name, and stands in one of the modules of `main.function_of`."""

from infra.admin.command_tables import (
    companies,
    customers,
    devices,
    exports,
    imports,
    keys,
    licenses,
    orders,
    policies,
    products,
    scheduled_updates,
    upkeep,
    users,
    webhooks,
)

COMMANDS = (
    *companies.COMMANDS,
    *keys.COMMANDS,
    *products.COMMANDS,
    *policies.COMMANDS,
    *licenses.COMMANDS,
    *scheduled_updates.COMMANDS,
    *orders.COMMANDS,
    *customers.COMMANDS,
    *users.COMMANDS,
    *devices.COMMANDS,
    *exports.COMMANDS,
    *imports.COMMANDS,
    *upkeep.COMMANDS,
    *webhooks.COMMANDS,
)
