"""`make bench`: start a server of its own, and measure (`infra.bench.measure`)."""

import argparse
import os
import tempfile
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import local, serve
from infra.bench.measure import measure
from infra.version import add_version


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.bench",
        description="Measure Seatkeeper beside the bare engine calls and one RSA signature, in one run; some minutes.",
        epilog="example: python -m infra.bench > figures.txt",
    )
    add_version(parser)
    parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="seatkeeper-bench-") as folder:
        os.environ |= local.environment(Path(folder))
        os.environ["SEATKEEPER_LICENSE_CHANGES_PER_HOUR"] = "1000000"  # thousands of devices of few licenses
        with serve.start(dict(os.environ)) as server, using(bootstrap(os.environ)):
            measure(server)


if __name__ == "__main__":
    main()
