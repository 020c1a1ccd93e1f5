"""CPU of imports, each in a fresh process."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

OURS = "import app"
LIBRARIES = (
    "import chalice; from pydantic import BaseModel; from pynamodb.connection import Connection as C; C().client"
)
"""What ours is built on: the floor."""
INSTALLED = Path(sysconfig.get_path("purelib"))
"""Where the libraries are installed that this process runs on."""

_LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "api",
    "SEATKEEPER_DATABASE": "dynamodb",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nobody",
}
"""Nobody is asked there."""


def cpu_ms(code: str, *folders: Path, environment: dict[str, str] | None = None) -> float:
    """Milliseconds of CPU, where a function starts on Lambda.

    Modules are found in the folders and the standard library alone, no bytecode is kept.
    """
    timed = f"import time; start = time.process_time(); {code}; print((time.process_time() - start) * 1000)"
    program = f"import sys; sys.path += {[str(folder) for folder in folders]}; {timed}"
    command = [sys.executable, "-ISB", "-c", program]
    on_lambda = (environment or dict(os.environ)) | _LAMBDA
    return float(subprocess.run(command, check=True, capture_output=True, env=on_lambda).stdout)
