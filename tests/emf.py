"""CloudWatch's embedded metric format, as far as a line has to keep to it for CloudWatch to read metrics from it."""

import re
from typing import Any

_UNITS = {"Count", "Seconds"}
MAX_BYTES = 256 * 1024


def mistakes(line: dict[str, Any]) -> list[str]:
    """What is wrong with a line; a line without metrics has nothing to be wrong."""
    if "_aws" not in line:
        return []
    meta = line["_aws"]
    found = [] if set(meta) == {"Timestamp", "CloudWatchMetrics"} else [f"metadata {sorted(meta)}"]
    if type(meta["Timestamp"]) is not int or not 1_600_000_000_000 < meta["Timestamp"] < 4_000_000_000_000:
        found.append("the timestamp is no instant in milliseconds")
    if not meta["CloudWatchMetrics"]:
        found.append("metrics are announced and none is named")
    return found + [mistake for directive in meta["CloudWatchMetrics"] for mistake in _of_directive(directive, line)]


def metrics(line: dict[str, Any]) -> dict[tuple[str, ...], float]:
    """What CloudWatch reads: (name, dimension=value, …) → value."""
    return {
        (metric["Name"], *(f"{name}={line[name]}" for name in dimensions)): line[metric["Name"]]
        for directive in line.get("_aws", {"CloudWatchMetrics": []})["CloudWatchMetrics"]
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    }


def _of_directive(directive: dict[str, Any], line: dict[str, Any]) -> list[str]:
    found = [] if set(directive) == {"Namespace", "Dimensions", "Metrics"} else [f"directive {sorted(directive)}"]
    if not re.fullmatch(r"[0-9A-Za-z.\-_/#:]{1,255}", directive["Namespace"]):
        found.append("namespace")
    for dimensions in directive["Dimensions"]:
        if len(dimensions) > 30 or len(set(dimensions)) < len(dimensions):
            found.append("dimension set")
        wrong = [d for d in dimensions if not (isinstance(line.get(d), str) and 0 < len(line[d]) <= 1024)]
        found += [f"no text for dimension {name}" for name in wrong]
    if not 1 <= len(directive["Metrics"]) <= 100:
        found.append("number of metrics")
    for metric in directive["Metrics"]:
        if set(metric) != {"Name", "Unit"} or metric["Unit"] not in _UNITS:
            found.append(f"metric {metric}")
        if type(line.get(metric["Name"])) not in (int, float):
            found.append(f"no number for metric {metric['Name']}")
    return found
