"""Types of what has no type of its own."""

from typing import Any

Json = dict[str, Any]  # its values are what JSON has; who writes or reads one knows which
"""An object of JSON, or what becomes one."""
JsonValue = Any  # what `json.loads` answers; who reads one looks at what it is
"""A value of JSON."""
AwsClient = Any  # botocore makes the methods of its clients while it runs
"""What speaks to a service of AWS."""
