"""Client applications for a measurement: so many at once, in processes of their own, each on one connection."""

import http.client
import json
import multiprocessing
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from chalicelib.domain.types import Json
from infra.bench.latencies import Latencies
from infra.call import signed_headers
from infra.serve import Server

PROCESSES = 2
"""Enough that Python's clients are not what is measured, on two cores."""

Job = tuple[str, Json]
"""A call of the License API: its name, and its fields."""


@dataclass(frozen=True)
class Application:
    """A client application of the vendor, and the server that it calls."""

    server: Server
    api_key: str
    shared_key: str

    def do(self, jobs: list[Job], clients: int) -> Latencies:
        """Have so many clients make the calls, each its share of them, as fast as they are answered."""
        processes = min(PROCESSES, clients)
        netloc = urlsplit(self.server.base_url).netloc
        shares = [
            (netloc, self.api_key, self.shared_key, jobs[n::processes], clients // processes) for n in range(processes)
        ]
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            pool.map(abs, range(processes))  # the processes have started: the time begins now
            start, cpu = time.perf_counter(), _cpu_seconds(self.server.pids)
            done = [call for share in pool.starmap(_process, shares, chunksize=1) for call in share]
            seconds, cpu = time.perf_counter() - start, _cpu_seconds(self.server.pids) - cpu
        return Latencies(seconds, cpu, [latency for latency, _ in done], Counter(status for _, status in done))


def _process(netloc: str, api_key: str, shared_key: str, jobs: list[Job], threads: int) -> list[tuple[float, int]]:
    def client(share: list[Job]) -> list[tuple[float, int]]:
        connection = http.client.HTTPConnection(netloc, timeout=60)
        try:
            return [_call(connection, signed_headers(api_key, shared_key), *job) for job in share]
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return [call for share in pool.map(client, [jobs[n::threads] for n in range(threads)]) for call in share]


def _call(
    connection: http.client.HTTPConnection, headers: dict[str, str], name: str, fields: Json
) -> tuple[float, int]:
    start = time.perf_counter()
    if name.startswith("check"):
        connection.request("GET", f"/api/v4/{name}?{urlencode(fields)}", headers=headers)
    else:
        connection.request(
            "POST", f"/api/v4/{name}", json.dumps(fields), headers | {"Content-Type": "application/json"}
        )
    answer = connection.getresponse()
    answer.read()
    return time.perf_counter() - start, answer.status


def _cpu_seconds(pids: list[int]) -> float:
    """User and system time of processes so far (Linux)."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / os.sysconf("SC_CLK_TCK")
