"""The dashboard: page configuration and navigation. Run by `drug-trends serve`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import streamlit as st

from dashboard import data, frame, text
from dashboard.filters import Selection
from dashboard.views import (
    benchmarks,
    bulletins,
    dossier,
    lab,
    methods,
    quality,
    signals,
    situation,
    supply,
    trends,
)
from dashboard.views import map as map_view
from data_sources.errors import StoreError


def main() -> None:
    """Draw the frame and the chosen page, or say that the store cannot be read."""
    st.set_page_config(page_icon=frame.ICON, layout="wide")
    with ExitStack() as stack:
        try:
            stack.enter_context(data.one_state())
            chosen = frame.selection()
        except (StoreError, OSError) as error:
            frame.broken(error)
            return
        try:
            _draw(chosen)
        except StoreError as error:  # a damaged vintage, found when it is read
            frame.broken(error)


def _draw(chosen: Selection) -> None:
    t = text.of(chosen.language)
    st.logo(frame.logo(t), size="medium")

    def page(view: Any, title: str, path: str, *, default: bool = False, hidden: bool = False) -> Any:
        return st.Page(
            lambda: view.render(chosen),
            title=title,
            url_path=path,
            default=default,
            visibility="hidden" if hidden else "visible",
        )

    chosen_page = st.navigation(
        {
            t("Monitor"): [
                page(situation, t("Situation"), "", default=True),
                page(signals, t("Signals"), "signals"),
                page(dossier, t("Signal dossier"), "signal", hidden=True),
            ],
            t("Explore"): [
                page(trends, t("Trends"), "trends"),
                page(map_view, t("Map"), "map"),
                page(supply, t("Supply"), "supply"),
            ],
            t("Decide"): [
                page(benchmarks, t("Benchmarks"), "benchmarks"),
                page(bulletins, t("Bulletins"), "bulletins"),
            ],
            t("Lab"): [page(lab, t("Lab"), "lab")],
            t("Trust"): [
                page(quality, t("Data & quality"), "quality"),
                page(methods, t("Methods & glossary"), "methods"),
            ],
        },
        position="top",
    )
    st.set_page_config(page_title=f"{chosen_page.title} · {t('Binational drug trends')}")
    frame.draw(chosen)
    chosen_page.run()
    frame.mend_page(chosen)


main()
