"""Make the project's environment in .venv and print its Python's path; quick when nothing has changed.

    python tools/bootstrap.py [--dev] [--chromium]

Standard library only, and readable by Python 3.8, so that an old Python can say what is needed.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "drug-trends.stamp")
LEAST = (3, 11)
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    return subprocess.run(command, check=False, **options).returncode == 0


def version(python):
    """(major, minor) of an interpreter; (0, 0) where it does not run."""
    try:
        out = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    return tuple(int(part) for part in out.split())


def choose():
    """The interpreter to build with: $PYTHON, else the newest suitable one on the path."""
    asked = os.environ.get("PYTHON")
    names = [asked] if asked else ["python3.%d" % minor for minor in (14, 13, 12, 11)] + ["python3", sys.executable]
    for name in names:
        path = shutil.which(name)
        if path and version(path) >= LEAST:
            return path
    found = (
        ", ".join("%s is %d.%d" % ((name, *version(name))) for name in names if shutil.which(name)) or "none found"
    )
    sys.exit("drug-trends needs Python %d.%d or newer (%s). Install one, or set PYTHON to it." % ((*LEAST, found)))


def make(python):
    """Make .venv; the command that installs into it."""
    say("Making .venv with %s" % python)
    shutil.rmtree(VENV, ignore_errors=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if run(python, "-m", "venv", VENV, **quiet):
        return [PYTHON, "-m", "pip", "install"]
    shutil.rmtree(VENV, ignore_errors=True)
    if shutil.which("uv") and run("uv", "venv", "-q", "--python", python, VENV):
        return ["uv", "pip", "install", "--python", PYTHON]
    if run(python, "-m", "pip", "--version", **quiet) and run(python, "-m", "venv", "--without-pip", VENV):
        return [python, "-m", "pip", "--python", PYTHON, "install"]
    shutil.rmtree(VENV, ignore_errors=True)
    if shutil.which("apt-get") and os.geteuid() == 0:
        run("apt-get", "update", "-qq")
        if run("apt-get", "install", "-y", "-qq", "python3-venv") and run(python, "-m", "venv", VENV):
            return [PYTHON, "-m", "pip", "install"]
    sys.exit("Cannot make a virtual environment: install python3-venv (Debian, Ubuntu) or uv, and try again.")


def stamp(lock, python):
    """A line that changes with the lock, the project's file, the interpreter or the folder."""
    digest = hashlib.sha256()
    for name in (lock, "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return "%s %s %s" % (digest.hexdigest(), os.path.realpath(python), ROOT)


def install(dev):
    python = choose()
    wanted = "requirements-dev.lock" if dev else "requirements.lock"
    held = ""
    if os.path.exists(STAMP) and os.path.exists(PYTHON):
        with open(STAMP) as file:
            held = file.read()
    if stamp(wanted, python) in held.split("\n"):
        return
    installer = make(python)
    quiet = [] if os.environ.get("VERBOSE") else ["--quiet"]
    say("Installing the locked dependencies (about a minute)")
    if not run(*(installer + quiet + ["--require-hashes", "-r", os.path.join(ROOT, wanted)])):
        sys.exit("Installing the dependencies failed: see above. Run it again when the network is back.")
    if not run(*(installer + quiet + ["--no-deps", "--no-build-isolation", "-e", ROOT])):
        sys.exit("Installing the project itself failed: see above.")
    # The development environment serves for running, too.
    locks = ["requirements.lock", "requirements-dev.lock"] if dev else ["requirements.lock"]
    with open(STAMP, "w") as file:
        file.write("\n".join(stamp(lock, python) for lock in locks))


def chromium():
    """The path of a Chromium or Chrome, installed if it can be; empty where there is none."""
    asked = os.environ.get("CHROMIUM")
    for name in ([asked] if asked else []) + list(BROWSERS):
        path = shutil.which(name)
        if path:
            return path
    if shutil.which("apt-get") and os.geteuid() == 0:
        say("Installing Chromium for the browser tests")
        run("apt-get", "update", "-qq", stdout=subprocess.DEVNULL)
        run("apt-get", "install", "-y", "-qq", "chromium", stdout=subprocess.DEVNULL)
        return shutil.which("chromium") or ""
    run(PYTHON, "-m", "playwright", "install", "chromium", stdout=sys.stderr)
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    parser.add_argument("--chromium", action="store_true", help="find or install a browser, and print its path")
    arguments = parser.parse_args()
    install(arguments.dev)
    print(chromium() if arguments.chromium else PYTHON)


if __name__ == "__main__":
    main()
