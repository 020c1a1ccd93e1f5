"""What a stage is made of, beside what Chalice generates: the template that `chalice package` merges into its own."""

from typing import Any

from infra.stage.stages import Stage
from infra.stage.tables import tables


def resources(stage: Stage) -> dict[str, Any]:
    """The merge template of a stage: dicts merge deep into Chalice's template, everything else replaces."""
    return {"Resources": tables(stage)}
