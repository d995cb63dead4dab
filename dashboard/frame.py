"""What stands on every page: language, as-of date, settings, and the bars that say what is special."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import streamlit as st

from dashboard import data, error_words, filters, look, settings_words, text
from dashboard.filters import Selection
from dashboard.text import Text
from data_sources.registry import SOURCES
from surveillance.assessment import Assessment
from surveillance.plan import DEFAULT_PLAN

LOGO = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='210' height='24' role='img' aria-label='{name}'>"
    "<rect width='5' height='20' y='2' fill='{us}'/><rect x='8' width='5' height='20' y='2' fill='{mx}'/>"
    "<text x='20' y='17' font-family='sans-serif' font-size='13' font-weight='700' fill='{ink}'>{name}"
    "</text></svg>"
)
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 13 24'>"
    "<rect width='5' height='20' y='2' fill='%230072B2'/>"
    "<rect x='8' width='5' height='20' y='2' fill='%23009E73'/></svg>"
)
VISIT = "drug_trends_visit"  # a cookie: the day of the last visit, nothing else
_CHOSEN = (
    '[data-variant="segmented_control"][data-selected="true"] p, [data-variant="pills"][data-selected="true"] p'
)
_HELD = ("lang", "as_of", "budget", "settings")  # what goes along from page to page


def selection() -> Selection:
    """What the address asks for; language, date and settings go along when the page changes."""
    held = dict(st.session_state.get("_held", {}).items())
    asked = {key: st.query_params[key] for key in st.query_params}
    if "budget" in asked and "settings" not in asked:
        held.pop("settings", None)
    chosen = filters.parse(held | asked, latest=data.latest(), locale=st.context.locale, saved=data.saved_digests())
    known = filters.parameters(chosen)
    st.session_state["_held"] = {key: known[key] for key in _HELD if key in known}
    for key in _HELD:
        if key in known:
            st.query_params[key] = known[key]
    return chosen


def logo(t: Text) -> str:
    """The name of the dashboard beside the two countries' colours, as SVG for the reader's theme."""
    colours = look.palette(dark=data.dark())
    return LOGO.format(name=t("Binational drug trends"), us=colours.us, mx=colours.mx, ink=colours.ink)


def draw(chosen: Selection) -> None:
    """The status strip and the bars above a page."""
    t = text.of(chosen.language)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(":small[" + t("Data as known on **{day}**", day=t.date(chosen.as_of)) + "]")
        with st.popover(t("change"), type="tertiary"):
            _date_picker(t, chosen)
        with st.spinner(t("Every series is being judged")):
            assessment = data.judged(chosen)
        current, late = _sources(assessment)
        st.badge(t("{n} of {all} measures current", n=current, all=current + late), color="gray")
        if late:
            st.badge(t("{n} late", n=late), icon=":material/schedule:", color="yellow")
        _settings(t, chosen)
        if data.embedded_only():
            st.badge(
                t("Embedded published figures only"),
                icon=":material/inventory_2:",
                color="blue",
                help=t("Fetch or import publishers' files for more."),
            )
        st.space("stretch")
        _language(chosen)
    for problem in chosen.problems:
        st.info(text.escape_markdown(problem), icon=":material/info:")
    if chosen.replay:
        st.warning(
            t("REPLAY: as known on {day}. Later figures are left out.", day=t.long_date(chosen.as_of)),
            icon=":material/history:",
        )
    if failed := data.store().failures():
        names = ", ".join(t(SOURCES[name].title) if name in SOURCES else name for name in failed)
        said = t("The last fetch failed for {names}; the last good figures are shown.", names=names)
        st.warning(text.escape_markdown(said), icon=":material/cloud_off:")


def _sources(assessment: Assessment) -> tuple[int, int]:
    """How many watched indicators are current, and how many are late, by their newest series."""
    late = assessment.series.groupby("indicator")["late"].min()
    return int((~late.astype(bool)).sum()), int(late.astype(bool).sum())


def _settings(t: Text, chosen: Selection) -> None:
    if not chosen.modified:
        said = t("Settings: Panel default v{version}", version=DEFAULT_PLAN.version)
        st.badge(said, icon=":material/tune:", color="gray", help=t("Digest {digest}", digest=DEFAULT_PLAN.digest))
        return
    plan, changes = data.plan(chosen), data.changes(chosen)
    label = text.escape_markdown(settings_words.modified(t, len(changes)))
    with st.popover(f":yellow-badge[:material/tune: {label}]", type="tertiary"):
        st.markdown(f":small[{label}]")
        if chosen.settings:
            st.markdown(f"**{text.escape_markdown(plan.name)}**")
            if plan.author:
                said = t("Saved by {author}", author=settings_words.author(t, plan.author))
                st.markdown(f":small[{text.escape_markdown(said)}]")
            if plan.note:
                st.markdown(f":small[{text.escape_markdown(plan.note)}]")
        st.markdown(settings_words.listed(t, changes))
        st.markdown(f":small[:gray[{text.escape_markdown(t('Digest {digest}', digest=plan.digest))}]]")
        if st.button(t("Back to panel default"), type="primary"):
            _go(replace(chosen, settings=None, budget=DEFAULT_PLAN.budget))


def _date_picker(t: Text, chosen: Selection) -> None:
    picked = st.date_input(
        t("Show the figures as known on"),
        value=chosen.as_of,
        min_value=filters.EARLIEST,
        max_value=chosen.latest,
        format="YYYY-MM-DD",
    )
    if isinstance(picked, date) and picked != chosen.as_of:
        _go(replace(chosen, as_of=picked))
    if chosen.replay and st.button(t("Back to the latest")):
        _go(replace(chosen, as_of=chosen.latest))


def _language(chosen: Selection) -> None:
    picked = st.segmented_control(
        "Language · Idioma",
        text.LANGUAGES,
        default=chosen.language,
        format_func=str.upper,
        label_visibility="collapsed",
        required=True,
        key=f"language-{chosen.language}",
    )
    if picked and picked != chosen.language:
        _go(replace(chosen, language=picked))


def _go(chosen: Selection) -> None:
    """Show another selection on the same page."""
    known = filters.parameters(chosen)
    st.session_state["_held"] = {key: known[key] for key in _HELD if key in known}
    for key in _HELD:
        if key in known:
            st.query_params[key] = known[key]
        elif key in st.query_params:
            del st.query_params[key]
    st.rerun()


def last_visit() -> date | None:
    """The day of the reader's visit before this session, by a cookie of this browser; None where there is none."""
    if "last_visit" not in st.session_state:
        try:
            found = date.fromisoformat(str(st.context.cookies.get(VISIT, "")))
        except ValueError:
            found = None
        st.session_state["last_visit"] = found
    visit: date | None = st.session_state["last_visit"]
    return visit


def mend_page(chosen: Selection) -> None:
    """What Streamlit's page leaves undone: the language, which a screen reader must hear; the day of this visit."""
    code = "es-MX" if chosen.language == "es" else "en-US"
    last_visit()  # read before it is written
    cookie = f"{VISIT}={data.today()}; path=/; max-age=31536000; SameSite=Strict"
    if data.dark():  # where the theme's blue is too dark on its own shade
        st.html(f"<style>{_CHOSEN} {{color: {look.DARK.ink} !important}}</style>")
    st.html(
        f"<script>document.documentElement.lang = '{code}'; document.cookie = '{cookie}'</script>",
        unsafe_allow_javascript=True,
    )


def broken(error: Exception) -> None:
    """The page for a store that cannot be opened: both languages, since nothing is known of the reader yet."""
    for language in text.LANGUAGES:
        t = text.of(language)
        st.title(t("The store cannot be opened"))
        error_words.show(t, error)
        st.markdown(t("Nothing was changed. Put right what the message names, and load this page again."))
