"""The pages and the interface for programs as one application; started by `drug-trends serve`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.api.routes import routes

app = st.App(Path(__file__).resolve().parent / "app.py", routes=routes())
