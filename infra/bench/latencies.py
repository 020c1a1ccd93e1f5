"""What a number of calls came to."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Latencies:
    """So many calls: their time from first to last, CPU of the process that answers them, and each one's latency."""

    seconds: float
    cpu_seconds: float
    latencies: list[float]
    """Seconds, in any order."""
    statuses: Counter[int] = field(default_factory=Counter)
    client_cpu_seconds: float = 0.0
    """Of the process that calls."""

    @staticmethod
    def sum(parts: "list[Latencies]") -> "Latencies":
        """Several samples, taken one after the other, as one."""
        return Latencies(
            sum(part.seconds for part in parts),
            sum(part.cpu_seconds for part in parts),
            [latency for part in parts for latency in part.latencies],
            sum((part.statuses for part in parts), Counter()),
            sum(part.client_cpu_seconds for part in parts),
        )

    @property
    def figures(self) -> dict[str, float]:
        """Calls a second; half of the calls took no longer, 99 of a hundred; CPU of a call, the server's and ours."""
        count = len(self.latencies)
        return {
            "calls_per_second": count / self.seconds,
            "p50_ms": self._percentile(50),
            "p99_ms": self._percentile(99),
            "cpu_ms": self.cpu_seconds / count * 1000,
            "client_cpu_ms": self.client_cpu_seconds / count * 1000,
            "not_granted": count - self.statuses[200],
        }

    def _percentile(self, hundredth: int) -> float:
        """The latency that so many of a hundred calls did not exceed, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, len(ordered) * hundredth // 100)] * 1000
