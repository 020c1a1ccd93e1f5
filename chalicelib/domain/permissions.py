"""What the managers of an order may do with its licenses: all of it, but for what the vendor has denied them.

Stored is what is denied, so that an order of before, and a permission that is new, allow what they always did.
"""

from typing import Literal, get_args

Permission = Literal[
    "name_license",
    "reset_license",
    "disable_license",  # and enable it again
    "reset_devices",  # of one, and all those of a user
    "assign_users",  # one by one or by a list, and invite them again
    "remove_users",
    "set_max_activations",  # of who has a seat
    "change_emails",
    "set_passwords",  # and see initial ones
]
"""Whoever replaces a user needs two of them: to remove one, and to assign another."""
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
