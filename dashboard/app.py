"""The dashboard: page configuration and navigation. Run by `drug-trends serve`."""

from __future__ import annotations

import streamlit as st

from dashboard import frame, text
from dashboard.views import lab, quality, signals, situation, trends
from data_sources.errors import StoreError


def main() -> None:
    """Draw the frame and the chosen page."""
    st.set_page_config(page_icon=frame.ICON, layout="wide")
    try:
        chosen = frame.selection()
    except (StoreError, OSError) as error:
        frame.broken(error)
        return
    t = text.of(chosen.language)
    st.logo(frame.logo(t), size="medium")

    def page(view, title: str, path: str, *, default: bool = False) -> st.Page:  # type: ignore[no-untyped-def]
        return st.Page(lambda: view.render(chosen), title=title, url_path=path, default=default)

    chosen_page = st.navigation(
        {
            t("Monitor"): [
                page(situation, t("Situation"), "", default=True),
                page(signals, t("Signals"), "signals"),
            ],
            t("Explore"): [page(trends, t("Trends"), "trends")],
            t("Lab"): [page(lab, t("Lab"), "lab")],
            t("Trust"): [page(quality, t("Data & quality"), "quality")],
        },
        position="top",
    )
    st.set_page_config(page_title=f"{chosen_page.title} · {t('Binational drug trends')}")
    frame.draw(chosen)
    chosen_page.run()
    frame.mend_language(chosen)


main()
