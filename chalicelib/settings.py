"""The environment as one model, read once.

Secrets are named here and kept elsewhere: `SEATKEEPER_SECRETS` says where. Both fail at start-up, with a sentence
that says what is wrong and never shows a value.
"""

import base64
import json
import os
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError


class SettingsError(Exception):
    """The environment or the secret store holds something malformed; the text says what, without the value."""


class Settings(BaseModel):
    """Every environment variable that Seatkeeper reads, named `SEATKEEPER_` and the field in capitals."""

    model_config = ConfigDict(frozen=True)

    table_prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,200}$")]
    """Names of the tables start with this and a dash: one prefix a stage."""
    secrets: Annotated[str, Field(pattern=r"^file:.+$")]
    """Where the secrets are: `file:<path>` of a JSON file that only the operator may read."""
    mail: Annotated[str, Field(pattern=r"^(file:.+|ses:[^@\s]+@[^@\s]+\.[^@\s.]+)$")]
    """How mail is sent: `file:<folder>` puts each into a file, `ses:<address>` sends it from there by Amazon SES."""
    hmac_window_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    """How far a request's Date may lie from our clock, either way."""


def _data_key(text: str) -> str:
    if len(base64.b64decode(text, validate=True)) != 32:
        raise ValueError("must be 32 bytes in base64")
    return text


class Secrets(BaseModel):
    """What the secret store holds."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    signing_key: Annotated[str, Field(repr=False, pattern=r"^-----BEGIN (RSA )?PRIVATE KEY-----")]
    """RSA private key in PEM, 2048 to 4096 bits: signs every answer."""
    data_key: Annotated[str, Field(repr=False), AfterValidator(_data_key)]
    """32 bytes in base64: seals shared keys and initial passwords at rest (AES-256-GCM)."""


@cache
def settings() -> Settings:
    """The settings of this process. Raises `SettingsError`."""
    given = {field: os.environ.get(f"SEATKEEPER_{field.upper()}") for field in Settings.model_fields}
    try:
        return Settings.model_validate({field: value for field, value in given.items() if value is not None})
    except ValidationError as error:
        names = ", ".join(f"SEATKEEPER_{str(e['loc'][0]).upper()} ({e['msg']})" for e in error.errors())
        raise SettingsError(f"The environment is not complete: {names}.") from None


@cache
def secrets() -> Secrets:
    """The secrets of this process, read once. Raises `SettingsError`."""
    path = Path(settings().secrets.removeprefix("file:"))
    try:
        return Secrets(**json.loads(path.read_text()))
    except OSError as error:
        raise SettingsError(f"The secrets cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        names = ", ".join(f"{e['loc'][0]} ({e['msg']})" for e in error.errors())
        raise SettingsError(f"The secrets are malformed: {names}.") from None
    except (ValueError, TypeError):
        raise SettingsError("The secrets are malformed: not a JSON object.") from None
