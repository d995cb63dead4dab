"""Serving the dashboard: Streamlit on this machine's own address, configured by .streamlit beside the app."""

from __future__ import annotations

import os
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import NoReturn


def serve(store: Path, port: int) -> NoReturn:
    """Become the app's server, so that a signal to this process ends it; the store's folder goes by environment."""
    environment = os.environ | {"DRUG_TRENDS_STORE": str(store.resolve())}
    with as_file(files("dashboard")) as folder:
        command = [sys.executable, "-m", "streamlit", "run", str(folder / "server.py"), f"--server.port={port}"]
        print(f"Dashboard: http://127.0.0.1:{port}", flush=True)
        os.execve(sys.executable, command, environment)
