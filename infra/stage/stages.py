"""The stages, as `.chalice/config.json` declares them: the one place that names them.

A stage has one name for all that is its own: stack, prefix of the tables, path of the secrets: `seatkeeper-<stage>`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / ".chalice" / "config.json"
PROTECTED = "prod"
"""The stage that is never taken down by a command, and whose tables outlive their stack."""


class StageError(Exception):
    """What the operator has asked of a stage cannot be done; the text is one sentence."""


class StageFailed(Exception):
    """It was tried, and failed half-way; the text says what AWS says of it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage."""

    name: str
    environment: dict[str, str]
    """Of its functions: the settings that `chalicelib.settings` describes."""

    @property
    def stack(self) -> str:
        """Name of the CloudFormation stack, and prefix of whatever has a name."""
        return f"seatkeeper-{self.name}"

    @property
    def is_protected(self) -> bool:
        """Whether it holds what was sold."""
        return self.name == PROTECTED


def read_config() -> dict[str, Any]:
    """Chalice's configuration of all stages. Raises `StageError`."""
    try:
        config: dict[str, Any] = json.loads(CONFIG.read_bytes())
    except (OSError, ValueError) as error:
        raise StageError(f"{CONFIG} cannot be read: {error}.") from None
    return config


def read_stage(name: str) -> Stage:
    """The stage of this name. Raises `StageError`."""
    stages = read_config()["stages"]
    if name not in stages:
        raise StageError(f"There is no stage {name!r} in .chalice/config.json, but {', '.join(stages)}.")
    return Stage(name, stages[name]["environment_variables"])
