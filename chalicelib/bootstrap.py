"""The composition root: what outlives a request is made here, by what the environment says, and by no import."""

import os

from chalicelib import observability, signing
from chalicelib.settings import settings
from chalicelib.store import database


def bootstrap() -> None:
    """Read the settings and the secrets, open the database's client, and say where log records go.

    Called once, before threads start. While Chalice packages the app there are settings, and nothing else yet. Raises
    `SettingsError`.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        observability.write_records("full", to_standard_error=False)
    observability.configure_logging()
    settings()
    if "AWS_CHALICE_CLI_MODE" not in os.environ:
        signing.current()
        database.connection()
