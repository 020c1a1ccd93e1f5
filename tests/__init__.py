"""Tests, and commands that need what tests: each says so in a sentence where only what serves is installed."""

import sys
from importlib.util import find_spec

NOT_INSTALLED = "This needs what tests, and only what serves is installed. Install it by: make .venv/installed"

if find_spec("pytest") is None:
    sys.exit(NOT_INSTALLED)
