"""The stages, as `.chalice/config.json` declares them.

A stage has one name for all that is its own: stack, prefix of the tables, path of the secrets: `seatkeeper-<stage>`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.domain.types import Json
from chalicelib.wrong_values import wrong_values

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / ".chalice" / "config.json"
PROTECTED = "prod"
"""The stage that is never taken down by a command, and whose tables outlive their stack."""


class StageError(Exception):
    """What the operator has asked of a stage cannot be done; the text is one sentence."""


class DeploymentError(Exception):
    """It was tried, and failed half-way; the text says what AWS says of it."""


class Firewall(BaseModel):
    """How often one address may call, and how often it may try a password. AWS knows no limit below ten."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls_a_minute: Annotated[int, Field(ge=10)]
    log_ins_a_minute: Annotated[int, Field(ge=10)]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage."""

    name: str
    environment: dict[str, str]
    """Of its functions: the settings that `chalicelib.settings` describes."""
    firewall: Firewall | None = None
    """None: the stage has none."""
    provisioned_concurrency: int = 0
    """So many functions for calls are kept started."""

    @property
    def stack(self) -> str:
        """Name of the CloudFormation stack, and prefix of whatever has a name."""
        return f"seatkeeper-{self.name}"

    @property
    def is_protected(self) -> bool:
        """Whether it holds what was sold."""
        return self.name == PROTECTED


class _Declared(BaseModel):
    environment_variables: dict[str, str]
    firewall: Firewall | None = None
    provisioned_concurrency: Annotated[int, Field(ge=0, le=1000)] = 0


class Config(BaseModel):
    """What our commands read of the configuration; Chalice reads more."""

    lambda_architecture: str
    stages: dict[str, _Declared]


def read_config() -> Json:
    """Chalice's configuration of all stages. Raises `StageError`."""
    try:
        config: Json = json.loads(CONFIG.read_bytes())
        Config.model_validate(config)
    except ValidationError as error:
        wrong = wrong_values(Config, error, lambda where: where or "all of it")
        raise StageError(f"{CONFIG} does not declare the stages: {wrong}.") from None
    except OSError as error:
        raise StageError(f"{CONFIG} cannot be read: {error.strerror}.") from None
    except json.JSONDecodeError as error:
        raise StageError(
            f"{CONFIG} cannot be read: it is no JSON in line {error.lineno}, column {error.colno}."
        ) from None
    except UnicodeDecodeError:
        raise StageError(f"{CONFIG} cannot be read: it is not UTF-8.") from None
    return config


def read_stage(name: str) -> Stage:
    """The stage of this name. Raises `StageError`."""
    stages = read_config()["stages"]
    if name not in stages:
        raise StageError(f"There is no stage {name!r} in .chalice/config.json, but {', '.join(stages)}.")
    declared = _Declared.model_validate(stages[name])
    stage = Stage(name, declared.environment_variables, declared.firewall, declared.provisioned_concurrency)
    named = {"SEATKEEPER_TABLE_PREFIX": stage.stack, "SEATKEEPER_SECRETS": f"ssm:/{stage.stack}"}
    for variable, value in named.items():
        if stage.environment.get(variable) != value:  # copied from another stage, it would work on that one's data
            raise StageError(f"{variable} of stage {name} in .chalice/config.json must be {value}.")
    return stage
