"""The composition root: what outlives a request is made here, of what an environment says, and by no import."""

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from chalicelib.domain.instants import Instant
from chalicelib.mail.sender import Mailer
from chalicelib.observability import Log, to_standard_error
from chalicelib.runtime import Runtime
from chalicelib.settings import SecretSource, Settings, read_settings
from chalicelib.signing import Keyring
from chalicelib.store.connection import OpenEngine, StageDatabase
from chalicelib.webhooks.client import WebhookClient


def system_clock() -> Instant:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def bootstrap(environ: Mapping[str, str], *, clock: Callable[[], Instant] = system_clock) -> Runtime:
    """The runtime that an environment describes. Opens nothing yet. Raises `SettingsError`.

    Region and endpoint of AWS are those of `environ`; credentials are where botocore looks for them.
    """
    settings = read_settings(environ)
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    endpoint = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    secrets = SecretSource(settings.secrets, region)
    return Runtime(
        settings,
        secrets,
        StageDatabase(settings.table_prefix, region or "us-east-1", endpoint, _engine(settings)),
        Keyring(secrets.read, settings.secrets),
        Mailer(settings.mail, region),
        WebhookClient(settings.webhooks == "any", region),
        clock,
        _log(settings, environ),
    )


def _engine(settings: Settings) -> OpenEngine | None:
    """What opens the engine that the settings name, if they name one.

    By its name: nothing here knows an engine, and none is in the package of a function.
    """
    module, _, path = settings.database.partition(":")
    return None if module == "dynamodb" else lambda: import_module(module).open_engine(Path(path))


def _log(settings: Settings, environ: Mapping[str, str]) -> Log:
    """On Lambda CloudWatch takes what is written on standard output; on one machine the operator chooses."""
    if environ.get("AWS_LAMBDA_FUNCTION_NAME"):
        return Log(settings.table_prefix, "full")
    return Log(settings.table_prefix, settings.log, to_standard_error, is_timed=True)
