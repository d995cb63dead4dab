"""What becomes of a draft: labelled, reset, linked, saved for others, or run as a command."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard import data, error_words, filters, identity, settings_words, text
from dashboard.filters import Selection
from dashboard.text import N_, Text
from dashboard.views import lab_controls
from dashboard.views.lab_preview import Asked
from surveillance import draft as drafts
from surveillance import plan_file, saved_plans
from surveillance.plan import DEFAULT_PLAN, Plan

LONGEST = 60  # characters of a name
LONGEST_NOTE = 500
_NO_LINK = N_(
    "A link carries the dial, alpha, detectors and their parameters. This draft changes more than that: pass on "
    "its file, or save it for sharing."
)


def part(t: Text, selection: Selection, asked: Asked) -> None:
    """Write the cards below the backtest."""
    draft = asked.draft
    with st.container(border=True, gap="xsmall"):
        st.header(t("Publication"), anchor=False)
        if asked.changes:
            st.badge(
                t.n(
                    "Modified ({n} change), not for publication",
                    "Modified ({n} changes), not for publication",
                    len(asked.changes),
                ),
                icon=":material/lock:",
                color="yellow",
            )
            st.markdown(settings_words.listed(t, asked.changes))
        else:
            st.badge(t("Panel default v{version}", version=DEFAULT_PLAN.version), color="gray")
        said = t("Nothing set here reaches a bulletin; only the panel changes its plan.")
        st.markdown(f":small[:gray[{said} {text.escape_markdown(t('Digest {digest}', digest=draft.digest))}]]")
        with st.container(horizontal=True, gap="small"):
            if st.button(t("Reset"), disabled=draft.digest == data.plan(selection).digest, key="lab-reset"):
                lab_controls.begin_anew()
                st.rerun()
            _link(t, selection, asked)
            st.download_button(
                t("Save as YAML"), plan_file.write(_named(t, draft)), file_name=f"settings_{draft.digest}.yaml",
                mime="application/yaml", type="tertiary", icon=":material/download:", on_click="ignore",
                key="lab-yaml",
            )  # fmt: skip
            with st.popover(t("Open settings from a file"), type="tertiary", icon=":material/upload:"):
                _opened(t, selection)
        if asked.changes:
            _save(t, selection, draft)
        _command(t, selection, draft)
    _listing(t, selection)


def _opened(t: Text, selection: Selection) -> None:
    """Take the settings of a file as the draft, or say everything that is wrong with it."""
    file = st.file_uploader(
        t("YAML file, as Save as YAML gives it"), ["yaml", "yml"], max_upload_size=1,
        key=f"lab-settings-{st.session_state.get(lab_controls.SHOWN, 0)}",
        help=t("At most {n} bytes. The command line reads the same file with --settings.",
               n=t.number(plan_file.LONGEST)),
    )  # fmt: skip
    if file is None:
        return
    try:
        plan = drafts.of_file(DEFAULT_PLAN, file.getvalue(), name=file.name)
    except plan_file.PlanError as error:
        st.error(t("The file was not taken. Put right what follows and choose it again."))
        error_words.show(t, *map(str, error.problems))
        return
    lab_controls.begin_anew((data.plan(selection).digest, plan))
    st.rerun()


def _named(t: Text, draft: Plan) -> Plan:
    """The draft under a name of its own, so that no file of changed settings calls itself the panel's."""
    if draft.digest == DEFAULT_PLAN.digest or draft.name != DEFAULT_PLAN.name:
        return draft
    return replace(draft, name=t("Draft {digest}", digest=draft.digest), version=1, dated=None)


def _link(t: Text, selection: Selection, asked: Asked) -> None:
    closed = st.popover(
        t("Copy link"), type="tertiary", icon=":material/link:", on_change="rerun", key=f"lab-link-{t.language}"
    )
    if not closed.open:  # the box of a code costs the browser half a second
        return
    with closed:
        if drafts.link(data.plan(selection), asked.draft) is None:
            st.markdown(t(_NO_LINK))
        else:
            st.code(_address(selection, asked), language=None, wrap_lines=True)


def _address(selection: Selection, asked: Asked) -> str:
    """A link to this page with the draft; where the server is not known, from the page's root."""
    parts = urlsplit(st.context.url or "")
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    known = filters.parameters(replace(asked.selection, settings=selection.settings))
    if said := st.query_params.get("draft"):
        known["draft"] = said
    return f"{origin}/lab?{urlencode(known)}"


def _save(t: Text, selection: Selection, draft: Plan) -> None:
    person = identity.present()
    if not person.may_decide:
        st.markdown(
            f":small[:gray[{t('Who is signed in as an epidemiologist or a lead can save these for others.')}]]"
        )
        return
    with st.expander(t("Save for sharing"), icon=":material/save:"), st.form("lab-save", border=False):
        name = st.text_input(t("Name"), max_chars=LONGEST, key=f"lab-name-{t.language}")
        note = st.text_area(t("Note: what these settings are for"), max_chars=LONGEST_NOTE, height=70)
        said = identity.shown(t, person.name, verified=person.verified)
        st.markdown(f":small[:gray[{t('Saved as {author}', author=said)}]]")
        pressed = st.form_submit_button(t("Save"), type="primary")
    if not pressed:
        return
    if not name.strip() or name.strip().casefold() == DEFAULT_PLAN.name.casefold():
        st.error(t("Give these settings a name of their own."))
        return
    vouched = person.verified or person.name == identity.LOCAL
    author = person.name if vouched else f"{person.name}{settings_words.UNVERIFIED}"
    plan = replace(draft, name=name.strip(), version=1, dated=data.today(), author=author, note=note.strip())
    try:
        digest = saved_plans.save(data.store().root, plan)
    except (saved_plans.SaveError, OSError):
        st.error(t("The settings could not be saved: the store cannot be written, or holds too many."))
        return
    lab_controls.begin_anew()
    _open(replace(selection, settings=digest, budget=DEFAULT_PLAN.budget))


def _open(selection: Selection) -> None:
    """Show the page under other settings."""
    if "budget" in st.query_params:
        del st.query_params["budget"]
    st.query_params.update(filters.parameters(selection))
    st.rerun()


def _command(t: Text, selection: Selection, draft: Plan) -> None:
    closed = st.expander(
        t("The same as a command"), icon=":material/terminal:", on_change="rerun", key=f"lab-command-{t.language}"
    )
    if not closed.open:
        return
    with closed:
        asked = "" if draft.digest == DEFAULT_PLAN.digest else f" --settings settings_{draft.digest}.yaml"
        st.code(f"drug-trends assess --as-of {selection.as_of}{asked}", language="bash", wrap_lines=True)
        if asked:
            st.markdown(f":small[:gray[{t('The file is the one that Save as YAML gives.')}]]")


def _listing(t: Text, selection: Selection) -> None:
    saved = saved_plans.listing(data.store().root) if data.saved_digests() else {}
    if not saved:
        return
    with st.container(border=True, gap="xsmall"):
        st.header(t("Saved settings"), anchor=False)
        for digest, plan in saved.items():
            address = filters.link(replace(selection, settings=digest, budget=DEFAULT_PLAN.budget), "lab")
            here = " ←" if digest == selection.settings else ""
            author = settings_words.author(t, plan.author)
            said = t("{name}, by {author}, {day}", name=plan.name, author=author or "–", day=t.date(plan.dated))
            st.markdown(f":small[[{text.escape_markdown(said)}]({address}) {digest}{here}]")
            if plan.note:
                st.markdown(f":small[:gray[{text.escape_markdown(plan.note)}]]")
