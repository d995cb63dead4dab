"""Serving the dashboard: Streamlit on this machine's own address, configured by .streamlit beside the app."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path


def serve(store: Path, port: int) -> int:
    """Run the app until it is stopped; its exit status. The store's folder goes to it by the environment."""
    environment = os.environ | {"DRUG_TRENDS_STORE": str(store.resolve())}
    with as_file(files("dashboard")) as folder:
        command = [sys.executable, "-m", "streamlit", "run", str(folder / "app.py"), f"--server.port={port}"]
        print(f"Dashboard: http://127.0.0.1:{port}", flush=True)
        try:
            return subprocess.call(command, env=environment)
        except KeyboardInterrupt:
            return 0
