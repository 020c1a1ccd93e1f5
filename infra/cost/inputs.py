"""What the reckoning rests on: how much is called, and what AWS asks for it."""

import re
import tomllib
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, ValidationError

from chalicelib.wrong_values import wrong_values

DEFAULT = Path(__file__).with_name("inputs.toml")


class CostError(Exception):
    """It cannot be reckoned; the text is one sentence."""


class Usage(BaseModel):
    """How much is called. `inputs.toml` says what each is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days_a_month: PositiveFloat
    checks_a_day: NonNegativeFloat
    activations_a_month: NonNegativeFloat
    deactivations_a_month: NonNegativeFloat
    portal_pages_a_month: NonNegativeFloat
    licenses_ending_a_month: NonNegativeFloat
    share_of_users: Annotated[float, Field(ge=0, le=1)]
    sweeps_a_day: NonNegativeFloat
    mail_runs_a_day: NonNegativeFloat
    event_runs_a_day: NonNegativeFloat
    mails_a_month: NonNegativeFloat
    refusal_codes: NonNegativeFloat
    items_a_device: NonNegativeFloat
    months_of_history: NonNegativeFloat
    check_ms: NonNegativeFloat
    activate_ms: NonNegativeFloat
    deactivate_ms: NonNegativeFloat
    page_ms: NonNegativeFloat
    sweep_ms: NonNegativeFloat
    mail_run_ms: NonNegativeFloat
    event_run_ms: NonNegativeFloat
    log_bytes: NonNegativeFloat
    answer_bytes: NonNegativeFloat
    page_bytes: NonNegativeFloat


def _rising(tiers: list[tuple[float, float]]) -> list[tuple[float, float]]:
    ends = [0.0, *(end for end, _ in tiers)]
    if ends[-1] != inf or any(end <= start for start, end in pairwise(ends)):
        raise ValueError("the ends of the tiers must rise, and the last one be inf")
    return tiers


class Price(BaseModel):
    """USD for `size` of a unit, in tiers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str
    """Of AWS, where it is published."""
    unit: str
    size: PositiveFloat
    tiers: Annotated[list[tuple[float, NonNegativeFloat]], AfterValidator(_rising)]
    """Up to so many times `size` in a month, so many USD for each of them."""

    def of(self, quantity: float) -> float:
        """USD for so many units in one month."""
        bought, usd, start = quantity / self.size, 0.0, 0.0
        for end, each in self.tiers:
            usd += max(0.0, min(bought, end) - start) * each
            start = end
        return usd


class Prices(BaseModel):
    """What AWS asks for, in one region."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    as_of: str
    api_request: Price
    lambda_request: Price
    lambda_arm64: Price
    lambda_x86_64: Price
    provisioned_arm64: Price
    provisioned_x86_64: Price
    read_unit: Price
    write_unit: Price
    stored: Price
    recoverable: Price
    logged: Price
    metric: Price
    alarm: Price
    dashboard: Price
    key: Price
    firewall: Price
    firewall_rule: Price
    firewall_request: Price
    sent: Price


class Inputs(BaseModel):
    """A file such as `inputs.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usage: Usage
    prices: Prices


def _where(error: tomllib.TOMLDecodeError) -> str:
    """The place that the parser names in its sentence, which has no field of its own."""
    found = re.search(r" \((at [^()]+)\)$", str(error))
    return f" {found[1]}" if found else ""


def read_inputs(path: Path) -> Inputs:
    """Usage and prices. Raises `CostError`."""
    try:
        return Inputs.model_validate(tomllib.loads(path.read_text()))
    except ValidationError as error:
        raise CostError(f"{path} cannot be reckoned with: {wrong_values(Inputs, error)}.") from None
    except OSError as error:
        raise CostError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CostError(f"{path} cannot be read: it is not UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise CostError(f"{path} cannot be read: it is no TOML{_where(error)}.") from None
