"""What a package is made of, and that it is the same each time. The libraries are made up: tests/stage has the real."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

from chalicelib.version import git_commit
from infra.stage import package as packaging
from infra.stage import project
from infra.stage.__main__ import main
from infra.stage.archive import check_architecture, compile_all, write_archive
from infra.stage.package import ARCHITECTURES, Package, package
from infra.stage.stages import ROOT, Stage, StageError, read_stage

DEV = read_stage("dev")
SOURCES = [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
ELF = {"x86_64": b"\x7fELF".ljust(18, b"\0") + b"\x3e\x00", "arm64": b"\x7fELF".ljust(18, b"\0") + b"\xb7\x00"}
"""The first bytes of a library of machine code."""


def write(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Fill a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def names(folder: Path) -> set[str]:
    """The files of a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# --- what ships --------------------------------------------------------------------------------------------------


def test_all_that_our_code_imports_ships() -> None:
    shipped = {normal(name) for name in LOCKED}
    owners = packages_distributions()
    for source in SOURCES:
        for name in imported(ast.parse(source.read_text())) - sys.stdlib_module_names - {"chalicelib"}:
            # Chalice puts the one module of its own into the package; its command line stays here.
            assert name == "chalice.app" or shipped & {normal(owner) for owner in owners[name]}, f"{source}: {name}"


def imported(tree: ast.Module) -> set[str]:
    """The packages that a module imports; of chalice, the modules."""
    full = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    full |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name if name.startswith("chalice.") else name.split(".")[0] for name in full}


def normal(name: str) -> str:
    """A distribution's name as the lock has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_locked_is_what_is_required_and_what_the_tests_run_on() -> None:
    required = re.findall(r"^([a-z0-9-]+)==([^ \n]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert dict(required).items() <= LOCKED.items(), "run `make lock`"
    assert {name: version(name) for name in LOCKED} == LOCKED, "remove .venv, and run `make` again"


# --- architecture ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("architecture", "other"), [("x86_64", "arm64"), ("arm64", "x86_64")])
def test_machine_code_for_other_processors_is_refused_whatever_its_name_says(
    tmp_path: Path, architecture: str, other: str
) -> None:
    write(tmp_path, {"a/_rust.abi3.so": ELF[architecture], "app.py": ""})
    check_architecture(tmp_path, architecture)
    with pytest.raises(StageError, match=rf"^The package is for {other}, but a/_rust.abi3.so is for {architecture}\.$"):
        check_architecture(tmp_path, other)


# --- bytecode ----------------------------------------------------------------------------------------------------


def test_of_libraries_bytecode_takes_the_place_of_the_sources_and_ours_stay(tmp_path: Path) -> None:
    files = dict.fromkeys(("app.py", "chalicelib/a.py", "six.py", "lib/__init__.py", "lib/data.json"), "")
    compile_all(write(tmp_path, files))
    tag = sys.implementation.cache_tag
    assert names(tmp_path) == {
        *("app.py", f"__pycache__/app.{tag}.pyc", "chalicelib/a.py", f"chalicelib/__pycache__/a.{tag}.pyc"),
        *("six.pyc", "lib/__init__.pyc", "lib/data.json"),
    }
    assert (
        python(tmp_path, "import app, chalicelib.a, six, lib; print(lib.__file__)") == f"{tmp_path}/lib/__init__.pyc\n"
    )


def test_bytecode_is_used_without_a_look_at_its_source(tmp_path: Path) -> None:
    compile_all(write(tmp_path, {"app.py": "says = 'compiled'"}))
    (tmp_path / "app.py").write_text("says = 'the source, which is newer'")
    assert python(tmp_path, "import app; print(app.says)") == "compiled\n"


def test_a_traceback_names_the_place_at_runtime(tmp_path: Path) -> None:
    compile_all(write(tmp_path, {"package/module.py": "def fail():\n    raise ValueError"}))
    bytecode = next((tmp_path / "package").rglob("*.pyc")).read_bytes()
    assert b"/var/task/package/module.py" in bytecode
    assert str(tmp_path).encode() not in bytecode


def test_bytecode_is_the_same_whoever_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"name {n}" for n in range(50)}
    source = f"def is_known(name):\n    assert name\n    return name in {known}"
    for folder, wish in ((tmp_path / "one", ""), (tmp_path / "two", "1")):
        monkeypatch.setenv("PYTHONOPTIMIZE", wish)
        compile_all(write(folder, {"module.py": source}))
    assert names(tmp_path / "one") == names(tmp_path / "two")
    one, two = (next(tmp_path.joinpath(name).rglob("*.pyc")).read_bytes() for name in ("one", "two"))
    assert one == two


def test_python_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"^The package cannot be compiled.*broken\.py"):
        compile_all(write(tmp_path, {"broken.py": "def"}))


def python(folder: Path, code: str) -> str:
    """What a fresh interpreter prints that finds modules in the folder."""
    command = [sys.executable, "-ISB", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# --- the archive -------------------------------------------------------------------------------------------------


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"app.py": "x = 1", "b/c.py": "", "b.py": "", "a/z.txt": "text"}
    one, two = write(tmp_path / "one", files), write(tmp_path / "two", dict(reversed(files.items())))
    for path in two.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    for folder in (one, two):
        write_archive(folder, tmp_path / f"{folder.name}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_entries_are_in_order_and_may_be_read_by_all(tmp_path: Path) -> None:
    write_archive(write(tmp_path / "in", {"b.py": "", "a/b.py": "", "a.py": ""}), tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as zipped:
        entries = zipped.infolist()
    assert [entry.filename for entry in entries] == ["a/b.py", "a.py", "b.py"]
    assert {(entry.external_attr >> 16, entry.date_time) for entry in entries} == {(0o644, (1980, 1, 1, 0, 0, 0))}


# --- sources -----------------------------------------------------------------------------------------------------


@pytest.fixture
def working_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up one, of which git knows all."""
    root = write(tmp_path / "copy", {"app.py": "", "chalicelib/a.py": "", ".chalice/config.json": "{}", "other.py": ""})
    write(root, {".gitignore": "__pycache__/\n/.local/\n", "chalicelib/data/page.html": "<p>"})
    for arguments in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    monkeypatch.setattr(project, "ROOT", root)
    return root


def test_what_ships_is_copied_and_nothing_that_git_ignores(working_copy: Path, tmp_path: Path) -> None:
    write(working_copy, {"chalicelib/__pycache__/a.pyc": "", ".local/secrets.json": "{}", ".chalice/deployments/x": ""})
    project.prepare(tmp_path / "out", DEV, "arm64")
    assert names(tmp_path / "out") == {
        *("app.py", "chalicelib/a.py", "chalicelib/data/page.html", "chalicelib/COMMIT"),
        *(".chalice/config.json", "resources.json"),  # which chalice reads
    }


def test_a_change_that_is_not_committed_ships(working_copy: Path, tmp_path: Path) -> None:
    (working_copy / "app.py").write_text("changed = True")
    project.prepare(tmp_path / "out", DEV, "arm64")
    assert (tmp_path / "out" / "app.py").read_text() == "changed = True"


def test_a_file_among_ours_that_git_does_not_know_is_refused(working_copy: Path, tmp_path: Path) -> None:
    write(working_copy, {"chalicelib/secrets.json": "{}"})
    with pytest.raises(StageError, match=r"^chalicelib/secrets\.json is not in git: .*\.$"):
        project.prepare(tmp_path / "out", DEV, "arm64")


def test_a_file_that_only_git_knows_is_refused(working_copy: Path, tmp_path: Path) -> None:
    (working_copy / "chalicelib" / "a.py").unlink()
    with pytest.raises(StageError, match=r"^chalicelib/a\.py is in git, but not here: .*\.$"):
        project.prepare(tmp_path / "out", DEV, "arm64")


def test_without_git_it_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "ROOT", tmp_path)
    with pytest.raises(StageError, match=r"^git cannot say what is to be packaged\. fatal: .*$"):
        project.prepare(tmp_path / "out", DEV, "arm64")


# --- a package ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One made-up library for all that ships, as a wheel for x86_64 alone; pip asks no registry."""
    folder = tmp_path_factory.mktemp("wheels")
    cpython = f"cp3{sys.version_info.minor}"
    wheel = folder / f"made_up-1.0-{cpython}-{cpython}-manylinux2014_x86_64.whl"
    about = {
        "METADATA": "Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n",
        "WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {cpython}-{cpython}-manylinux2014_x86_64\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as zipped:
        zipped.writestr("made_up/__init__.py", "x = 1")
        zipped.writestr("made_up/_c.abi3.so", ELF["x86_64"])
        for name, text in about.items():
            zipped.writestr(f"made_up-1.0.dist-info/{name}", text)
    lock = folder / "lock"
    lock.write_text(f"made-up==1.0 --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packaging, "LOCK", lock)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def made(libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Stage dev, packaged for x86_64."""
    return package(DEV, "x86_64", tmp_path_factory.mktemp("build") / "dev")


def entries(made: Package) -> set[str]:
    with zipfile.ZipFile(made.archive) as zipped:
        return set(zipped.namelist())


def test_a_package_holds_our_code_compiled_and_all_that_pages_are_made_of(made: Package) -> None:
    of_git = subprocess.run(["git", "ls-files", "app.py", "chalicelib"], cwd=ROOT, check=True, capture_output=True)
    ours = set(of_git.stdout.decode().split())
    assert ours <= entries(made)
    python_of_ours = {name for name in ours if name.endswith(".py")}
    cached = {
        f"{Path(name).parent}/__pycache__/{Path(name).stem}.{sys.implementation.cache_tag}.pyc"
        for name in python_of_ours
    }
    assert {name.removeprefix("./") for name in cached} <= entries(made)
    assert {name.split(".")[-1] for name in ours} >= {"html", "css", "js"}


def test_a_package_holds_nothing_else_but_libraries(made: Package) -> None:
    tops = {name.split("/")[0] for name in entries(made)}
    assert tops == {"__pycache__", "app.py", "chalice", "chalicelib", "made_up"}
    assert {name for name in entries(made) if name.startswith("chalice/")} == {
        "chalice/__init__.pyc",
        "chalice/app.pyc",
    }


def test_the_template_is_of_the_stage_and_leads_to_the_archive(made: Package) -> None:
    template = json.loads(made.template.read_bytes())
    functions = [
        one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"
    ]
    assert {function["CodeUri"] for function in functions} == {f"./{made.archive.name}"}
    assert {tuple(function["Architectures"]) for function in functions} == {("x86_64",)}
    assert {function["Runtime"] for function in functions} == {f"python3.{sys.version_info.minor}"}
    assert {function["Environment"]["Variables"]["SEATKEEPER_TABLE_PREFIX"] for function in functions} == {
        "seatkeeper-dev"
    }
    assert "LicensesTable" in template["Resources"], "resources of our own are merged"
    assert "us-east-1" not in made.template.read_text()


def test_a_package_tells_the_commit_that_it_is_of(made: Package) -> None:
    with zipfile.ZipFile(made.archive) as zipped:
        assert zipped.read("chalicelib/COMMIT").decode().strip() == git_commit(ROOT)


def test_packaging_leaves_nothing_else_behind(made: Package) -> None:
    assert names(made.template.parent.parent) == {"dev/template.json", "dev/deployment.zip"}
    assert not (ROOT / ".chalice" / "deployments").exists()


def test_a_package_has_a_digest_of_both_of_its_files(made: Package, tmp_path: Path) -> None:
    other = Package(tmp_path / "template.json", tmp_path / "deployment.zip")
    other.archive.write_bytes(made.archive.read_bytes())
    other.template.write_bytes(made.template.read_bytes())
    assert other.digest == made.digest
    other.template.write_text("{}")
    assert other.digest != made.digest


def test_a_wheel_that_is_missing_for_the_processors_is_one_sentence_and_the_package_before_stays(
    libraries: Path, tmp_path: Path
) -> None:
    before = write(tmp_path / "dev", {"template.json": "before"})
    with pytest.raises(
        StageError, match=r"^pip cannot fetch all wheels for arm64 and Python 3\.\d+\. ERROR: .*made-up==1\.0.*$"
    ):
        package(DEV, "arm64", before)
    assert names(tmp_path) == {"dev/template.json"}


def test_an_app_that_cannot_be_packaged_is_one_sentence_and_the_package_before_stays(
    libraries: Path, tmp_path: Path
) -> None:
    before = write(tmp_path / "none", {"template.json": "before"})
    undeclared = Stage("none", {"SEATKEEPER_MAIL": "ses:ada@vendor.test"})
    with pytest.raises(StageError, match=r"^chalice cannot package the stage\. .*The environment is malformed.*$"):
        package(undeclared, "x86_64", before)
    assert names(tmp_path) == {"none/template.json"}


# --- the command -------------------------------------------------------------------------------------------------


def test_a_package_is_made_for_both_architectures_and_no_other() -> None:
    assert set(ARCHITECTURES) == {"arm64", "x86_64"}
    assert packaging.default_architecture() in ARCHITECTURES


def test_make_without_a_stage_is_one_sentence() -> None:
    done = subprocess.run(["make", "-n", "package"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Which stage? Say, for example: make package STAGE=dev" in done.stderr


def test_a_stage_that_there_is_not_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", "nowhere"]) == 2
    assert capsys.readouterr().err == "There is no stage 'nowhere' in .chalice/config.json, but dev, staging, prod.\n"


def test_where_a_package_cannot_run_no_cold_start_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert main(["coldstart", "dev"]) == 2
    assert capsys.readouterr().err == "A package is for Linux on arm64 or x86_64: this machine cannot import it.\n"
