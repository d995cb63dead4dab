"""Make the project's environment in .venv and print its Python's path; quick when nothing has changed.

    python tools/bootstrap.py [--dev] [--chromium] [--postgresql]

Standard library only, and readable by Python 3.8, so that an old Python can say what is needed.
"""

import argparse
import glob
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


def works(*command):
    """Whether a command runs and succeeds, without a word."""
    try:
        return run(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False


def look(name):
    """(version, real path) of an interpreter behind links, shims and environments; None where it does not run."""
    ask = "import sys; print(*sys.version_info[:2]); print(getattr(sys, '_base_executable', '') or sys.executable)"
    try:
        out = subprocess.run([name, "-c", ask], capture_output=True, text=True, check=True).stdout
        numbers, path = out.splitlines()
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return tuple(int(part) for part in numbers.split()), os.path.realpath(path)


def choose():
    """The interpreter to build with: $PYTHON, else the newest suitable one on the path."""
    asked = os.environ.get("PYTHON")
    names = [asked] if asked else ["python3.%d" % minor for minor in (14, 13, 12, 11)] + ["python3", sys.executable]
    found = []
    for name in names:
        seen = look(name)
        if seen and seen[0] >= LEAST:
            return seen[1]
        if seen:
            found.append("%s is %d.%d" % ((name, *seen[0])))
    told = ", ".join(found) or ("%s does not run" % asked if asked else "none found")
    sys.exit("drug-trends needs Python %d.%d or newer (%s). Install one, or set PYTHON to it." % ((*LEAST, told)))


def make(python):
    """Make .venv anew, in the first of four ways that works on this machine."""
    say("Making .venv with %s" % python)
    shutil.rmtree(VENV, ignore_errors=True)
    if works(python, "-m", "venv", VENV):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if works("uv", "venv", "--python", python, VENV):
        return
    # Debian splits ensurepip off into python3-venv; the system's pip can fill an environment without its own.
    if works(python, "-m", "pip", "--version") and works(python, "-m", "venv", "--without-pip", VENV):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if apt("python%s-venv" % os.path.basename(python).replace("python", "")) or apt("python3-venv"):
        if works(python, "-m", "venv", VENV):
            return
    sys.exit("Cannot make a virtual environment: install python3-venv (Debian, Ubuntu) or uv, and try again.")


def apt(package):
    """Whether apt could install a package; only root on a Debian family system can."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    settings = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    works("apt-get", "update", "-qq") or say("apt-get update failed; trying with the lists at hand")
    quiet = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    return run(*quiet, stdout=subprocess.DEVNULL, env=settings)


def installer(python):
    """The command that installs packages into .venv."""
    if works(PYTHON, "-m", "pip", "--version"):
        return [PYTHON, "-m", "pip", "install"]
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--python", PYTHON]
    return [python, "-m", "pip", "--python", PYTHON, "install"]


def digest(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def install(dev):
    """Bring .venv up to date with lock and project; nothing to do where its stamp says that it is."""
    python = choose()
    # The development environment holds all that running needs, so its stamp answers for both.
    locks = ["requirements.lock", "requirements-dev.lock"][: 2 if dev else 1]
    stamps = ["%s %s %s %s" % (lock, digest(lock), python, ROOT) for lock in locks]
    project = "project %s" % digest("pyproject.toml")
    held = []
    if os.path.exists(STAMP) and os.path.exists(PYTHON):
        with open(STAMP) as file:
            held = file.read().splitlines()
    if stamps[-1] in held and project in held:
        return
    with_tools = [line for line in held if line.startswith("requirements-dev.lock")]
    if stamps[0] not in held or (dev and with_tools and stamps[-1] not in held):
        make(python)
        held, with_tools = [], []
    command = installer(python) + ([] if os.environ.get("VERBOSE") else ["--quiet"])
    if stamps[-1] not in held:
        say("Installing the locked dependencies (a minute or two)")
        if not run(*command, "--require-hashes", "-r", os.path.join(ROOT, locks[-1])):
            sys.exit(
                "Installing the dependencies failed, see above. Once that is mended, run the same command again."
            )
    if not run(*command, "--no-deps", "--no-build-isolation", "-e", ROOT):
        sys.exit("Installing the project itself failed, see above.")
    with open(STAMP, "w") as file:
        file.write("\n".join([*stamps, *([] if dev else with_tools), project]))
    pango()


def pango():
    """The system's libraries that the bulletin's PDFs need; without them its pages are HTML alone."""
    if not works(PYTHON, "-c", "from weasyprint.text.ffi import pango"):
        say("Installing Pango for the bulletin's PDFs")
        names = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
        if not all(apt(name) for name in names):
            say("No Pango: bulletins are written as HTML alone. On macOS: brew install pango.")


def playwright(script):
    """What a line of Python prints about the browsers that Playwright keeps; empty where it keeps none."""
    opening = "from playwright.sync_api import sync_playwright\nwith sync_playwright() as p: "
    return subprocess.run(
        [PYTHON, "-c", opening + script], capture_output=True, text=True, check=False
    ).stdout.strip()


def chromium():
    """The path of a Chromium or Chrome that starts, installed if it can be; empty where there is none."""
    asked = os.environ.get("CHROMIUM")
    if asked and not works(asked, "--version"):
        sys.exit("CHROMIUM is set to %s, which does not start." % asked)
    for name in [asked] if asked else BROWSERS:
        path = shutil.which(name)
        if path and works(path, "--version"):
            return path
    own = playwright("print(p.chromium.executable_path)")
    if own and works(own, "--version"):
        return own
    say("Installing Chromium for the browser tests")
    try:
        run(PYTHON, "-m", "playwright", "install", "chromium", stdout=subprocess.DEVNULL, timeout=300)
    except subprocess.TimeoutExpired:
        say("Downloading Chromium took over five minutes; given up")
    # A browser downloaded to a bare server lacks system libraries and does not start; apt's comes with them.
    if own and works(own, "--version"):
        return own
    if apt("chromium") and works("chromium", "--version"):
        return shutil.which("chromium")
    say("No Chromium: the browser tests cannot run. Install Chrome or Chromium, or set CHROMIUM to its path.")
    return ""


def postgresql():
    """Whether PostgreSQL's programs are here, installed if they can be; the tests start a server of their own."""
    if glob.glob("/usr/lib/postgresql/*/bin/initdb") or shutil.which("initdb"):
        return True
    say("Installing PostgreSQL for the tests of the decision log")
    if apt("postgresql") and glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        return True
    say("No PostgreSQL: the decision log is tested on SQLite alone. Install Debian's postgresql for the rest.")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    parser.add_argument("--chromium", action="store_true", help="find or install a browser, and print its path")
    parser.add_argument("--postgresql", action="store_true", help="find or install PostgreSQL for the tests")
    arguments = parser.parse_args()
    install(arguments.dev)
    if arguments.postgresql:
        postgresql()
    print(chromium() if arguments.chromium else PYTHON)


if __name__ == "__main__":
    main()
