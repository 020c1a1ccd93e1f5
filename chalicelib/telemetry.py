"""What is told of each request and sweep: one JSON line, a log entry and CloudWatch metrics at once."""

NAMESPACE = "Seatkeeper"
"""Of the metrics in CloudWatch."""
STAGE, CODE = "Stage", "Code"
"""The dimensions: the prefix of the tables' names, and the code of an error."""

GRANTS = "Grants"
REFUSALS = "Refusals"
CONFLICTS = "Conflicts"
RETRIES = "Retries"
SWEEP_TRANSITIONS = "SweepTransitions"
OLDEST_DUE_AGE = "OldestDueAge"
METRICS = (GRANTS, REFUSALS, CONFLICTS, RETRIES, SWEEP_TRANSITIONS, OLDEST_DUE_AGE)
"""Every metric: counts by `Stage`, refusals also by `Stage` and `Code`; the age is in seconds."""
