"""`.venv/bin/python -m infra.stage VERB STAGE`: what an operator does with a stage.

A verb is a module of this folder with `HELP`, `EXAMPLE`, `add_arguments(page)` and `run(stage, given)`, which answers
the exit code. Exit 0: done · 1: it was tried and failed · 2: nothing done, for what standard error says in one sentence
· 130: interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from infra.stage.stages import DeploymentError, StageError, read_config, read_stage
from infra.version import add_version

VERBS: tuple[str, ...] = ("package", "coldstart", "deploy", "rollback", "smoke", "teardown")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one verb; answers the exit code."""
    try:
        given = _parser().parse_args(arguments)
        code: int = given.run(read_stage(given.stage), given)
    except StageError as error:
        print(error, file=sys.stderr)
        return 2
    except DeploymentError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror}: {error.filename or 'what was to be written'}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.stage",
        description="Package, deploy and watch a stage.",
        epilog="example: .venv/bin/python -m infra.stage package dev",
    )
    add_version(parser)
    pages = parser.add_subparsers(metavar="VERB", required=True)
    for verb in VERBS:
        module = import_module(f"infra.stage.{verb}")
        page = pages.add_parser(verb, help=module.HELP, description=module.HELP, epilog=f"example: {module.EXAMPLE}")
        page.add_argument("stage", metavar="STAGE", help=", ".join(read_config()["stages"]))
        module.add_arguments(page)
        page.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
