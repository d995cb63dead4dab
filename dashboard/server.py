"""The pages and the interface for programs as one application; started by `drug-trends serve`."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send


async def interface(scope: Scope, receive: Receive, send: Send) -> None:
    """The interface, loaded with the engine behind it when it is first asked, so that the server starts at once."""
    application = await asyncio.to_thread(_application)
    await application(scope, receive, send)


@cache
def _application() -> ASGIApp:
    from dashboard.api.routes import application

    return application()


app = st.App(Path(__file__).resolve().parent / "app.py", routes=[Mount("/api", app=interface)])
