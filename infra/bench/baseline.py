"""The baseline: what the bare engine calls of a License API call and one RSA signature come to, without Seatkeeper."""

import multiprocessing
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from chalicelib.bootstrap import bootstrap
from chalicelib.store.connection import Send
from infra.bench.latencies import Latencies
from infra.new_secrets import SIGNING_KEY_BITS

_BODY = b"x" * 2000
_WARM_UP = 64


def measure_baseline(call: str, table: str, calls: int, threads: int) -> Latencies:
    """Measure the bare calls of `check_license` or `activate_license` in a process of their own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (call, table, calls, threads))


def _measure(call: str, table: str, calls: int, threads: int) -> Latencies:
    send = bootstrap(os.environ).database.connection.send
    key = generate_private_key(public_exponent=65537, key_size=SIGNING_KEY_BITS)
    bare: Callable[[Send, str], None] = {"check_license": _check, "activate_license": _activate}[call]

    def timed(_number: int) -> float:
        start = time.perf_counter()
        bare(send, table)
        key.sign(_BODY, PKCS1v15(), SHA256())
        return time.perf_counter() - start

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(timed, range(_WARM_UP)))
        start, cpu = time.perf_counter(), time.process_time()
        latencies = list(pool.map(timed, range(calls)))
        return Latencies(time.perf_counter() - start, time.process_time() - cpu, latencies)


def _check(send: Send, table: str, pk: str = "baseline") -> None:
    """One read of two items."""
    keys = [{"pk": {"S": pk}, "part": {"S": part}} for part in ("license", "device#1")]
    send("BatchGetItem", {"RequestItems": {table: {"Keys": keys}}})


def _activate(send: Send, table: str) -> None:
    """One read of two items, and one transaction: a conditional counter, a device, an event."""
    pk, new = f"baseline#{secrets.randbelow(64)}", secrets.token_hex(12)
    _check(send, table, pk)
    device = {"pk": {"S": pk}, "part": {"S": f"device#{new}"}, "hardware_id": {"S": new}, "active": {"BOOL": True}}
    event = {"pk": {"S": pk}, "part": {"S": f"at#{new}"}, "type": {"S": "device_activated"}}
    counter = {
        "TableName": table,
        "Key": {"pk": {"S": pk}, "part": {"S": "license"}},
        "UpdateExpression": "ADD taken :one",
        "ConditionExpression": "attribute_not_exists(taken) OR taken < :most",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":most": {"N": "1000000"}},
    }
    puts = [
        {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
        for item in (device, event)
    ]
    send("TransactWriteItems", {"TransactItems": [{"Update": counter}, *puts]})
