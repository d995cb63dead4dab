"""Settings from the environment, read in one place."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def store_folder() -> Path:
    """Where vintages are kept: DRUG_TRENDS_STORE, else the user's data directory."""
    chosen = os.environ.get("DRUG_TRENDS_STORE")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("drug-trends", appauthor=False)) / "store"
