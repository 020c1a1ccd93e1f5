"""The freshness of an answer: what the caller sends as `nonce` is repeated, with our clock, inside the signed body.

A signed answer without one is true of some moment, and whoever has recorded it can show it again at any other.
"""

from typing import Annotated, NotRequired

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, WithJsonSchema
from typing_extensions import TypedDict

from chalicelib.domain.instants import Instant, to_iso

MAX_NONCE = 64
Date = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""`YYYY-MM-DDTHH:MM:SS.mmmZ`."""


def blank_to_none(value: object) -> object:
    """An empty text is as good as none."""
    return None if value == "" else value


class Call(BaseModel):
    """What every call may say."""

    model_config = ConfigDict(extra="ignore")

    nonce: Annotated[Annotated[StrictStr, Field(max_length=MAX_NONCE)] | None, BeforeValidator(blank_to_none)] = None


class Fresh(TypedDict):
    """An answer that is an object. These two are there if the call had a nonce."""

    nonce: NotRequired[str]
    server_time: NotRequired[Date]


def freshness(call: Call, now: Instant) -> Fresh:
    """What the call's nonce adds to the answer."""
    return {} if call.nonce is None else {"nonce": call.nonce, "server_time": to_iso(now)}
