"""Types of what has no type of its own."""

from typing import Any

Json = dict[str, Any]  # its values are what JSON has; who writes or reads one knows which
"""An object of JSON, or what becomes one."""
AwsClient = Any  # botocore makes the methods of its clients while it runs
"""What speaks to a service of AWS."""
