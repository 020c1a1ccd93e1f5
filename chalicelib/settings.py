"""The environment as one model.

Secrets are named here and kept elsewhere: `SEATKEEPER_SECRETS` says where. Both fail at start-up, with a sentence
that says what is wrong and never shows a value.
"""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from chalicelib.domain.email import normalize_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.types import AwsClient, Json
from chalicelib.once import Once
from chalicelib.wrong_values import wrong_values

_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 1, 2, 3
"""Of SSM: a function that does not start within ten seconds is started anew."""


class SettingsError(Exception):
    """The environment or the secret store holds something malformed; the text says what, without the value."""


_ADDRESS = r"[^@\s&]+@[^@\s&]+\.[^@\s.&]+"
_MAX_PORT = 65_535
SMTP = re.compile(
    r"(?P<scheme>smtps?)://(?:(?P<user>[^@:/?#\s]+)@)?(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    rf"/?\?from=(?P<sender>{_ADDRESS})(?:&password-file=(?P<password_file>/.+))?"
)
"""A server for mail. What is no letter or digit in the user's name is written as in any URL: `%40` for `@`."""


def way_of_mail(text: str) -> str:
    """The setting `SEATKEEPER_MAIL`, if mail can be sent so. Raises `ValueError` with the reason, without a value."""
    smtp, ses = SMTP.fullmatch(text), re.fullmatch(rf"ses:({_ADDRESS})", text)
    if smtp and bool(smtp["user"]) != bool(smtp["password_file"]):
        raise ValueError("a user needs a password-file, and a password-file a user")
    if smtp and not 1 <= int(smtp["port"] or 1) <= _MAX_PORT:
        raise ValueError(f"a port is a number from 1 to {_MAX_PORT}")
    if not smtp and not ses and not re.fullmatch("file:.+", text):
        raise ValueError(
            "must be file:<folder>, ses:<address> or smtp://<user>@<host>:<port>?from=<address>&password-file=<path>"
        )
    if smtp or ses:
        _guard_sender(smtp["sender"] if smtp else text.removeprefix("ses:"))
    return text


def _guard_sender(address: str) -> None:
    """Mail goes out from no address that it could not be sent to."""
    try:
        email = normalize_email(address)
    except Invalid:
        raise ValueError("no mail goes out from that address: mail servers know none of that form") from None
    if email != address.lower():
        raise ValueError("the domain of the address must stand in the form that mail servers know: xn--…")


def _base_url(text: str) -> str:
    return text.removesuffix("/")


class Settings(BaseModel):
    """Seatkeeper's own environment variables: each is named `SEATKEEPER_` and the field in capitals."""

    model_config = ConfigDict(frozen=True)

    table_prefix: Annotated[
        str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,200}$", description="must be 1 to 200 of a-z, A-Z, 0-9, _, . and -")
    ]
    """Names of the tables start with this and a dash: one prefix a stage."""
    secrets: Annotated[
        str, Field(pattern=r"^(file:.+|ssm:(/[a-zA-Z0-9_.-]+)+)$", description="must be file:<path> or ssm:/<path>")
    ]
    """Where the secrets are: `file:<path>` of a JSON file that only the operator may read, or `ssm:<path>` of
    parameters in AWS Systems Manager, each encrypted (SecureString) and named after a field of `Secrets`."""
    mail: Annotated[str, AfterValidator(way_of_mail)]
    """How mail is sent: `file:<folder>` puts each into a file, `ses:<address>` sends it from there by Amazon SES, and
    `smtp://<user>@<host>:<port>?from=<address>&password-file=<path>`, or `smtps://`, by that server."""
    webhooks: Annotated[Literal["public", "any"], Field(description="must be public or any")] = "public"
    """Where webhooks may go: `public`, by https to addresses of the whole Internet; or `any`, by http and to addresses
    of this network as well, which whoever may name an endpoint can then reach through the server."""
    portal_url: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s/?#@]+(/[^\s/?#]+)*/?)?$",
            description="must be an address such as https://licenses.example, without user, ? and #",
        ),
        AfterValidator(_base_url),
    ] = ""
    """Where people reach the portal, without `/portal`: what links in mails begin with, and whom passkeys are made for,
    whatever a request's `Host` says. Without it no mail that has a link is sent, and no passkey is offered."""
    database: Annotated[
        str, Field(pattern=r"^(dynamodb|[a-z_.]+:/.+)$", description="must be dynamodb or <module>:/<path>")
    ] = "dynamodb"
    """Where the tables are: `dynamodb`, or `<module>:<path>`, a file of an engine in the server's own process, which
    the function `open_engine` of the module opens. On one machine that is `infra.embedded`."""
    log: Annotated[Literal["off", "brief", "full"], Field(description="must be off, brief or full")] = "off"
    """On one machine, whether each call is one line on standard error, and with its metrics (`observability`)."""
    hmac_window_minutes: Annotated[
        int, Field(ge=1, le=24 * 60, description="must be a whole number from 1 to 1440")
    ] = 15
    """How far a request's Date may lie from our clock, either way."""
    license_changes_per_hour: Annotated[
        int, Field(ge=1, le=1_000_000, description="must be a whole number from 1 to 1000000")
    ] = 100
    """Activations of devices that one license takes at once, and again within each hour. A license of more than half
    as many devices takes twice the number of its devices."""


def _data_key(text: str) -> str:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError(_DATA_KEY)
    return text


_DATA_KEY = "must be 32 bytes in base64"
_PEM_KEY = "must be a private key in PEM, which begins with -----BEGIN PRIVATE KEY-----"
_Pem = Annotated[str, Field(pattern=r"^-----BEGIN (RSA )?PRIVATE KEY-----")]


class Secrets(BaseModel):
    """What the secret store holds."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    signing_key: Annotated[_Pem, Field(repr=False, description=_PEM_KEY)]
    """RSA private key in PEM, 2048 to 4096 bits: signs the answers to the API keys that are made in its time."""
    old_signing_key: Annotated[_Pem | None, Field(repr=False, description=_PEM_KEY)] = None
    """The signing key before this one, as long as API keys of its time are in use."""
    data_key: Annotated[str, Field(repr=False, description=_DATA_KEY), AfterValidator(_data_key)]
    """32 bytes in base64: encrypts shared keys and initial passwords at rest (AES-256-GCM)."""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings that an environment holds. Raises `SettingsError`, which names all that is wrong."""
    given = {field: environ.get(f"SEATKEEPER_{field.upper()}") for field in Settings.model_fields}
    try:
        return Settings.model_validate({field: value for field, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = wrong_values(Settings, error, lambda field: f"SEATKEEPER_{field.upper()}")
        raise SettingsError(f"The environment is malformed: {wrong}.") from None


class SecretSource:
    """Where the secrets of a machine or a stage are kept: at `file:<path>` or `ssm:<path>`."""

    def __init__(self, address: str, region: str | None = None) -> None:
        self.address = address
        self.parameters = Once(lambda: _parameter_store(region))
        """What speaks to AWS Systems Manager. Raises `botocore.exceptions.BotoCoreError`."""

    def read(self) -> Secrets:
        """The secrets as they are kept now. Raises `SettingsError`."""
        return checked_secrets(self.stored(), self.address)

    def stored(self) -> Json:
        """What is kept, by field and unchecked. Raises `SettingsError`."""
        way, _, where = self.address.partition(":")
        return self._parameters(where) if way == "ssm" else _file(Path(where))

    def _parameters(self, path: str) -> Json:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _parameter_store

        names = [f"{path}/{field}" for field in Secrets.model_fields]
        try:
            found = self.parameters().get_parameters(Names=names, WithDecryption=True)["Parameters"]
        except ClientError as error:
            raise SettingsError(f"SSM does not give {', '.join(names)}: {error.response['Error']['Code']}.") from None
        except BotoCoreError as error:
            raise SettingsError(f"SSM does not answer for {', '.join(names)}: {type(error).__name__}.") from None
        return {parameter["Name"].removeprefix(f"{path}/"): parameter["Value"] for parameter in found}


def checked_secrets(content: Json, address: str) -> Secrets:
    """The secrets that a store at this address holds, or would hold. Raises `SettingsError`."""
    try:
        return Secrets.model_validate(content)
    except ValidationError as error:
        wrong = wrong_values(Secrets, error, lambda field: secret_name(address, field))
        raise SettingsError(f"The secrets are malformed: {wrong}.") from None


def secret_name(address: str, field: str) -> str:
    """What the operator knows a secret by: the name of its parameter, or the field in the file."""
    way, _, where = address.partition(":")
    return f"{where}/{field}" if way == "ssm" else field


def _file(path: Path) -> Json:
    try:
        content = json.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"The secrets cannot be read: {error.strerror}.") from None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise SettingsError("The secrets are malformed: not a JSON object.") from None
    return content


def _parameter_store(region: str | None) -> AwsClient:
    from botocore.config import Config  # noqa: PLC0415 - on one machine nobody needs it
    from botocore.session import get_session  # noqa: PLC0415

    bounded = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
    return get_session().create_client("ssm", region_name=region, config=bounded)
