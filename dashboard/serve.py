"""Serving the dashboard: Streamlit on this machine's own address, with the project's configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path


def serve(store: Path, port: int) -> int:
    """Run the app until it is stopped; its exit status. The store's folder goes to it by the environment."""
    environment = os.environ | {"DRUG_TRENDS_STORE": str(store.resolve())}
    with as_file(files("dashboard") / "app.py") as app, as_file(files("dashboard") / "config.toml") as config:
        command = [
            sys.executable, "-m", "streamlit", "run", str(app),
            f"--server.port={port}", f"--config={config}",
        ]  # fmt: skip
        print(f"Dashboard: http://127.0.0.1:{port}", flush=True)
        try:
            return subprocess.call(command, env=environment)
        except KeyboardInterrupt:
            return 0
