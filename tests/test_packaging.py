"""The project as a package: a wheel that works elsewhere, names that cannot clash, files that name no machine."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
from streamlit import config

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("dashboard", "surveillance", "data_sources")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """What a command prints; the test fails with its error where it does not succeed."""
    done = subprocess.run(command, cwd=cwd, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    listed = run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment that holds the wheel, and sees the libraries of this one."""
    folder = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    python = folder / "bin" / "python"
    base = Path(sys.base_prefix) / "bin" / "python3"
    here, packages = folder.parent, ["--quiet", "--no-index", "--no-deps", str(wheel)]
    if importlib.util.find_spec("pip"):
        run(sys.executable, "-m", "pip", "--python", python, "install", *packages, cwd=here)
    elif shutil.which("uv"):
        run("uv", "pip", "install", "--python", python, *packages, cwd=here)
    else:
        run(base, "-m", "pip", "--python", python, "install", *packages, cwd=here)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=here).strip()
    # A path file adds a folder but does not read that folder's own path files: the editable install stays out.
    (Path(site) / "libraries.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")))
    return python.parent


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that only what is installed elsewhere opens."""
    return tmp_path_factory.mktemp("wheel-store") / "store"


def test_a_wheel_installed_elsewhere_lists_the_sources(elsewhere: Path, store: Path, tmp_path: Path) -> None:
    where = run(elsewhere / "python", "-c", "import data_sources; print(data_sources.__file__)", cwd=tmp_path)
    assert Path(where).is_relative_to(elsewhere.parent), "the libraries of this checkout were imported instead"
    printed = run(elsewhere / "drug-trends", "--store", store, "sources", cwd=tmp_path)
    assert "us_cbp_seizures" in printed
    assert "published_figures" in printed


def test_a_wheel_installed_elsewhere_assesses_the_embedded_figures(
    elsewhere: Path, store: Path, tmp_path: Path
) -> None:
    printed = run(elsewhere / "drug-trends", "--store", store, "assess", "--format", "csv", cwd=tmp_path)
    assert len(printed.splitlines()) > 40


def test_a_wheel_installed_elsewhere_serves_this_machine_only(elsewhere: Path, store: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "log"
    environment = os.environ | {"HOME": str(tmp_path), "DRUG_TRENDS_STORE": str(store)}
    with log.open("w") as out:
        server = subprocess.Popen(
            [elsewhere / "drug-trends", "serve", "--port", str(port)],
            cwd=tmp_path, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        assert answers(f"http://127.0.0.1:{port}/_stcore/health", server), log.read_text()
        # Streamlit's own default listens on every address, of which 127.0.0.2 is one on Linux.
        with socket.socket() as other:
            other.settimeout(2)
            assert other.connect_ex(("127.0.0.2", port)) != 0
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
    said = log.read_text()
    assert f"http://127.0.0.1:{port}" in said
    assert "usage statistics" not in said.lower()


def answers(url: str, server: subprocess.Popen[bytes], seconds: int = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    return False


def test_the_wheel_holds_every_tracked_file_of_the_three_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {str(path.relative_to(ROOT)) for path in tracked() if path.relative_to(ROOT).parts[0] in PACKAGES}
    assert ours - names == set()
    kinds = {Path(name).suffix for name in ours}
    assert {".py", ".csv", ".po", ".html", ".toml"} <= kinds
    outside = {name for name in names if name.split("/")[0] not in PACKAGES and ".dist-info/" not in name}
    assert outside == set()


def test_no_file_of_the_dashboard_is_named_like_a_library() -> None:
    # `streamlit run` puts dashboard/ first on the module path, so such a file would be imported in its place.
    taken = sys.stdlib_module_names | importlib.metadata.packages_distributions().keys()
    assert {path.stem for path in (ROOT / "dashboard").iterdir() if path.suffix == ".py"} & taken == {
        "__main__"
    } & taken


def test_every_library_imported_is_a_declared_dependency() -> None:
    needed = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["cluster"]]
    names = {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in needed}
    origin = importlib.metadata.packages_distributions()
    undeclared = {
        f"{path.relative_to(ROOT)} imports {module}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for module in imported(path)
        if module not in sys.stdlib_module_names | set(PACKAGES)
        and not {name.lower().replace("_", "-") for name in origin.get(module, [])} & names
    }
    assert undeclared == set()


def imported(path: Path) -> set[str]:
    """The top-level modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


# Written in pieces, so that this file does not name what it forbids.
REGISTRY = re.compile(r"py" + r"pi\.org|python" + r"hosted|--(?:extra-)?index" + r"-url|--find" + r"-links")
MACHINE = re.compile(r"(?<![\w.*~/-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me|tm" + r"p|Us" + r"ers)/\w")


@pytest.mark.parametrize(("pattern", "what"), [(REGISTRY, "a registry"), (MACHINE, "a machine's folder")])
def test_no_tracked_file_names(pattern: re.Pattern[str], what: str) -> None:
    found = []
    for path in tracked():
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        name = path.relative_to(ROOT)
        found += [f"{name}:{number} names {what}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    assert found == []


def test_the_patterns_find_what_they_forbid() -> None:
    assert REGISTRY.search("https://py" + "pi.org/simple")
    assert MACHINE.search("open('/ho" + "me/someone/file')")
    assert not MACHINE.search("https://example.org/home/page")


def pins(name: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9][^ ]*==[^\\\n]*", (ROOT / name).read_text("utf-8"), re.MULTILINE))


def test_both_locks_pin_the_same_run_time_versions() -> None:
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_the_locks_hold_every_dependency_and_nothing_without_a_hash() -> None:
    groups = PROJECT["dependency-groups"]
    wanted = {
        "requirements.lock": PROJECT["project"]["dependencies"] + groups["build"],
        "requirements-dev.lock": PROJECT["project"]["dependencies"] + groups["build"] + groups["dev"],
    }
    for lock, lines in wanted.items():
        pinned = {pin.split("==")[0] for pin in pins(lock)}
        assert {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in lines} <= pinned
        blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text("utf-8"))
        assert [block.split("\n")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_streamlit_reads_one_configuration_in_the_checkout_and_beside_the_app() -> None:
    # Streamlit looks in the folder where it is started and in the app's own, which is the one in a wheel.
    text = (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    assert (ROOT / "dashboard" / ".streamlit" / "config.toml").read_text("utf-8") == text
    settings = tomllib.loads(text)
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["maxUploadSize"] == 20
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"


def test_streamlit_knows_every_option_of_the_configuration() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert [name for name in dotted(settings) if name not in config._config_options_template] == []


def dotted(table: dict[str, object], before: str = "") -> list[str]:
    names = []
    for key, value in table.items():
        names += dotted(value, f"{before}{key}.") if isinstance(value, dict) else [f"{before}{key}"]
    return names
