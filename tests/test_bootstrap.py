"""Making the environment: which Python, which way, and when there is nothing to do."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "tools" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, working on a project of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(module, "PYTHON", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.setattr(module, "STAMP", str(tmp_path / ".venv" / "stamp"))
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.delenv("CHROMIUM", raising=False)
    return module


@pytest.fixture
def done(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What an installation did, in order, with an environment that costs nothing to make."""
    steps: list[str] = []

    def make(python: str) -> None:
        steps.append("made")
        Path(bootstrap.PYTHON).parent.mkdir(parents=True, exist_ok=True)
        Path(bootstrap.PYTHON).touch()

    def run(*command: str, **_: object) -> bool:
        lock = next((Path(word).name for word in command if word.endswith(".lock")), "the project")
        steps.append(f"{lock}{' with hashes' if '--require-hashes' in command else ''}")
        return True

    monkeypatch.setattr(bootstrap, "make", make)
    monkeypatch.setattr(bootstrap, "run", run)
    monkeypatch.setattr(bootstrap, "works", lambda *command: True)
    monkeypatch.setattr(bootstrap, "choose", lambda: "python-a")
    return steps


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_script_can_be_read_by_an_old_python() -> None:
    tree = ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 8))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert modules <= sys.stdlib_module_names
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def test_an_old_python_is_told_which_one_is_needed(tmp_path: Path) -> None:
    old = script(tmp_path / "python3", "echo 3 8; echo /usr/bin/python3")
    done = subprocess.run(
        [sys.executable, SCRIPT], env={"PYTHON": str(old)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"drug-trends needs Python 3.11 or newer ({old} is 3.8). Install one, or set PYTHON to it.\n"
    )


def test_the_newest_python_that_runs_is_chosen(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "python3.14", "exit 127")  # a shim of a version that is not installed
    new = script(tmp_path / "real", f"echo 3 13; echo {tmp_path}/real")
    (tmp_path / "python3.13").symlink_to(new)
    script(tmp_path / "python3", "echo 3 9; echo /usr/bin/python3")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert bootstrap.choose() == str(new.resolve())


def test_an_active_environment_leads_to_the_python_behind_it(bootstrap: ModuleType) -> None:
    version, path = bootstrap.look(sys.executable)
    assert version == sys.version_info[:2]
    assert not Path(path).is_relative_to(sys.prefix) or sys.prefix == sys.base_prefix


def test_a_second_run_does_nothing(bootstrap: ModuleType, done: list[str]) -> None:
    bootstrap.install(dev=False)
    assert done == ["made", "requirements.lock with hashes", "the project"]
    bootstrap.install(dev=False)
    assert len(done) == 3


def test_a_changed_lock_makes_the_environment_anew(bootstrap: ModuleType, done: list[str], tmp_path: Path) -> None:
    bootstrap.install(dev=False)
    (tmp_path / "requirements.lock").write_text("changed")
    bootstrap.install(dev=False)
    assert done[3:] == ["made", "requirements.lock with hashes", "the project"]


def test_a_changed_lock_of_the_tests_makes_it_anew_only_for_tests(
    bootstrap: ModuleType, done: list[str], tmp_path: Path
) -> None:
    bootstrap.install(dev=True)
    (tmp_path / "requirements-dev.lock").write_text("changed")
    bootstrap.install(dev=False)
    assert len(done) == 3
    bootstrap.install(dev=True)
    assert done[3:] == ["made", "requirements-dev.lock with hashes", "the project"]


@pytest.mark.parametrize("first_for_tests", [False, True])
def test_a_changed_project_file_reinstalls_the_project_alone(
    bootstrap: ModuleType, done: list[str], tmp_path: Path, first_for_tests: bool
) -> None:
    bootstrap.install(dev=True)
    (tmp_path / "pyproject.toml").write_text("changed")
    bootstrap.install(dev=first_for_tests)
    bootstrap.install(dev=not first_for_tests)
    assert done[3:] == ["the project"]


def test_another_python_makes_the_environment_anew(
    bootstrap: ModuleType, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.install(dev=False)
    monkeypatch.setattr(bootstrap, "choose", lambda: "python-b")
    bootstrap.install(dev=False)
    assert done.count("made") == 2


def test_the_tests_tools_are_added_to_a_run_time_environment_which_then_serves_both(
    bootstrap: ModuleType, done: list[str]
) -> None:
    bootstrap.install(dev=False)
    bootstrap.install(dev=True)
    assert done[3:] == ["requirements-dev.lock with hashes", "the project"]
    bootstrap.install(dev=False)
    bootstrap.install(dev=True)
    assert len(done) == 5


def test_a_failed_installation_is_not_taken_for_a_finished_one(
    bootstrap: ModuleType, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "run", lambda *command, **_: False)
    with pytest.raises(SystemExit, match="Installing the dependencies failed"):
        bootstrap.install(dev=False)
    assert not Path(bootstrap.STAMP).exists()


@pytest.mark.parametrize(
    ("possible", "used"),
    [
        ({"venv", "uv", "pip"}, "venv"),
        ({"uv", "pip"}, "uv"),
        ({"pip"}, "--without-pip"),
        ({"apt"}, "apt"),
    ],
)
def test_the_environment_is_made_in_the_first_way_that_works(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, possible: set[str], used: str
) -> None:
    tried: list[str] = []

    def works(*command: str) -> bool:
        if command[0] == "uv":
            tried.append("uv")
            return "uv" in possible
        if "pip" in command:
            return "pip" in possible
        tried.append("--without-pip" if "--without-pip" in command else "venv")
        return "--without-pip" in command or "venv" in possible or "apt" in tried

    def apt(package: str) -> bool:
        assert package == "python3.11-venv"
        tried.append("apt")
        return "apt" in possible

    monkeypatch.setattr(bootstrap, "works", works)
    monkeypatch.setattr(bootstrap, "apt", apt)
    bootstrap.make("/opt/bin/python3.11")
    assert tried[-1] == used if used != "apt" else tried[-2:] == ["apt", "venv"]


def test_where_no_way_works_one_sentence_says_what_to_install(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "works", lambda *command: False)
    monkeypatch.setattr(bootstrap, "apt", lambda package: False)
    with pytest.raises(SystemExit, match="install python3-venv"):
        bootstrap.make("/opt/bin/python3.11")


def test_a_browser_that_does_not_start_is_passed_over(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "chromium", "exit 1")  # what a distribution's placeholder does
    chrome = script(tmp_path / "google-chrome", "echo Chrome 140")
    monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere")
    assert bootstrap.chromium() == str(chrome)


def test_a_browser_asked_for_that_does_not_start_is_an_error(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "absent"))
    with pytest.raises(SystemExit, match="does not start"):
        bootstrap.chromium()


@pytest.mark.parametrize(("held", "possible", "asked"), [(True, False, 0), (False, True, 1), (False, False, 1)])
def test_postgresql_is_installed_only_where_it_is_missing(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, held: bool, possible: bool, asked: int
) -> None:
    tried: list[str] = []

    def apt(package: str) -> bool:
        tried.append(package)
        return possible

    def found(pattern: str) -> list[str]:
        return ["/usr/lib/postgresql/17/bin/initdb"] if held or (tried and possible) else []

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(bootstrap, "apt", apt)
    monkeypatch.setattr(bootstrap.glob, "glob", found)
    assert bootstrap.postgresql() == (held or possible)
    assert tried == ["postgresql"] * asked


def test_make_reads_its_targets() -> None:
    make = shutil.which("make")
    assert make, "make is how the README's two commands run"
    for target in ("run", "test", "lint", "lock", "clean"):
        done = subprocess.run(
            [make, "-n", target], cwd=SCRIPT.parents[1], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
