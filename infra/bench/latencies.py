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
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU of one call, in milliseconds."""
        return self.cpu_seconds / len(self.latencies) * 1000

    def percentile(self, hundredth: int) -> float:
        """The latency that so many of a hundred calls did not exceed, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, len(ordered) * hundredth // 100)] * 1000

    def __str__(self) -> str:
        client = f" (client {self.client_cpu_seconds / len(self.latencies) * 1000:.2f})" * bool(self.client_cpu_seconds)
        return (
            f"{self.per_second:7,.0f} calls/s   p50 {self.percentile(50):6.2f} ms   p99 {self.percentile(99):6.2f} ms"
            f"   CPU {self.cpu_ms:.2f} ms a call{client}"
        )
