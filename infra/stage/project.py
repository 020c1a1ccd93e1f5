"""What ships of the working copy, as chalice is to see it, and the commands that make a package of it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from chalicelib.version import COMMIT_FILE, git_commit
from infra.stage.functions import ALIAS_RESOURCE, FUNCTIONS
from infra.stage.resources import resources
from infra.stage.stages import ROOT, Stage, StageError, read_config

SHIPPED = ("app.py", "chalicelib")
"""What is ours in a package."""
_FOREIGN = ("AWS_", "CHALICE_", "PYTHON", "SEATKEEPER_")
"""Variables of the operator's own that are not to show in a package."""


_MERGED = "resources.json"


def prepare(project: Path, stage: Stage, architecture: str) -> None:
    """Put what ships into an empty folder, as it is here, and what chalice is to merge. Raises `StageError`.

    Nothing that git does not know: no cache, no secret, nothing that was tried and forgotten.
    """
    if stray := _in_git("--others", "--exclude-standard", "--", *SHIPPED):
        raise StageError(f"{stray[0]} is not in git: a package holds only what is. Add it, or take it away.")
    for name in _in_git("--", *SHIPPED, ".chalice"):
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(ROOT / name, target)
        except FileNotFoundError:
            raise StageError(f"{name} is in git, but not here: restore it, or remove it from git.") from None
    (project / COMMIT_FILE).write_text(f"{git_commit(ROOT)}\n")
    config = read_config() | {"lambda_architecture": architecture}
    (project / ".chalice" / "config.json").write_text(json.dumps(config))
    (project / _MERGED).write_text(json.dumps(resources(stage)))


def run_chalice(project: Path, stage: Stage, out: Path) -> None:
    """Let chalice write `deployment.zip` and the merged template `sam.json` into `out`. Raises `StageError`.

    It knows no alias: where functions are kept started, the addresses in the template are led to theirs here.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)} | {
        "AWS_DEFAULT_REGION": "us-east-1",  # any: it does not show in what is written
        "PYTHONDONTWRITEBYTECODE": "1",  # it would be packaged
    }
    chalice = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", stage.name]
    command = [*chalice, "--merge-template", _MERGED, str(out)]
    complete(command, "chalice cannot package the stage.", cwd=project, env=environment)
    if stage.provisioned_concurrency:
        template = out / "sam.json"
        template.write_text(template.read_text().replace(f"${{{FUNCTIONS['api']}.Arn}}", f"${{{ALIAS_RESOURCE}}}"))


def complete(command: list[str], failure: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command and answer what it prints. Raises `StageError`: `failure`, and the last that the command said."""
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    except OSError as error:
        raise StageError(f"{failure} {command[0]}: {error.strerror}.") from None
    if done.returncode:
        words = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in words if line.startswith("ERROR")]
        raise StageError(f"{failure} {(errors or words or ['It does not say why.'])[-1]}")
    return done.stdout


def _in_git(*arguments: str) -> list[str]:
    listed = complete(["git", "ls-files", "-z", *arguments], "git cannot say what is to be packaged.", cwd=ROOT)
    return listed.split("\0")[:-1]
