"""Bulletins: the frozen issues with their files and differences, and the next one prepared and published."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import streamlit as st

from dashboard import bulletin_changes, bulletin_signals, data, identity, publishing, text
from dashboard.bulletin_edition import COUNTRIES, LONGEST_NOTE, MOST_HIGHLIGHTS, Edition
from dashboard.filters import Selection
from dashboard.publishing import Issue, PublishingError
from dashboard.publishing_checks import Check
from dashboard.text import LANGUAGES, N_, Text
from data_sources.errors import StoreError
from surveillance.bulletin_facts import WEEK
from surveillance.changes_between import between
from surveillance.plan import DEFAULT_PLAN
from surveillance.settings import bulletins_folder
from surveillance.snapshot import name_of

SHOWN = 52  # issues on the page
CHECKS = {
    "settings": N_("Panel's own settings"),
    "freshness": N_("Every source is current"),
    "reconciliation": N_("Tables agree with the store"),
    "translation": N_("Every sentence in both languages"),
    "words": N_("Highlights and notes in both languages"),
    "alt": N_("Every picture is described"),
    "suppression": N_("No suppressed figure is printed"),
    "pages": N_("PDF of at most 6 pages in each language"),
}
_LANGUAGE = {"en": N_("in English"), "es": N_("in Spanish")}


def render(selection: Selection) -> None:
    """The page for a selection."""
    t, folder = text.of(selection.language), bulletins_folder(data.store().root)
    held = publishing.issues(folder)
    st.title(_title(t, held), anchor=False)
    _prepare(t, selection, folder, held)
    st.header(t("Frozen issues"), anchor=False)
    if not held:
        st.markdown(
            t(
                "No bulletin has been published yet. A published bulletin is a folder that is never changed again: "
                "pages in both languages, tables, pictures, and the hash of every file. It stands here with its "
                "downloads and with what changed since the issue before."
            )
        )
    for place, issue in enumerate(held[:SHOWN]):
        _issue(t, folder, issue, held[place + 1] if place + 1 < len(held) else None)


def _title(t: Text, held: list[Issue]) -> str:
    if not held:
        return t("Bulletins: none published yet")
    return t(
        "Bulletins: the newest is week {week}, published {day}", week=held[0].week, day=t.date(held[0].published)
    )


def _issue(t: Text, folder: Path, issue: Issue, before: Issue | None) -> None:
    with st.container(border=True, gap="xsmall"):
        name = t("Week {week}", week=issue.week)
        if issue.correction:
            name = t("Week {week}, correction {n}", week=issue.week, n=issue.correction)
        st.subheader(name, anchor=False)
        said = t(
            "As known on {day}; settings {digest}; published {when} by {author}",
            day=t.date(issue.as_of),
            digest=issue.digest,
            when=t.date(issue.published),
            author="{author}",
        )
        author = identity.shown(t, issue.author, verified=issue.verified)
        st.markdown(text.escape_markdown(said).replace("\\{author\\}", author))
        with st.container(horizontal=True, gap="small"):
            for language in issue.languages:
                for kind, mime in (("html", "text/html"), ("pdf", "application/pdf")):
                    file = issue.file(language, kind)
                    if file.exists():
                        st.download_button(
                            f"{kind.upper()} {language.upper()}", file.read_bytes, file_name=file.name, mime=mime,
                            icon=":material/download:", type="tertiary", on_click="ignore",
                            key=f"{kind}-{language}-{issue.path.name}",
                        )  # fmt: skip
            st.download_button(
                t("Data package (ZIP)"), lambda: zipped(issue.path), file_name=f"{issue.path.name}.zip",
                mime="application/zip", icon=":material/folder_zip:", type="tertiary", on_click="ignore",
                key=f"zip-{issue.path.name}",
            )  # fmt: skip
            again = st.button(
                t("Render again and compare"), icon=":material/verified:", type="tertiary",
                key=f"verify-{issue.path.name}",
            )  # fmt: skip
        if again:
            _verify(t, folder, issue)
        if before is not None:
            with st.expander(t("Changes since week {week}", week=before.name)):
                _changes(t, before, issue)


def zipped(folder: Path) -> bytes:
    """A whole issue as one ZIP file, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.writestr(zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder)}"), path.read_bytes(),
                             zipfile.ZIP_DEFLATED)  # fmt: skip
    return out.getvalue()


def _changes(t: Text, before: Issue, issue: Issue) -> None:
    try:
        found = between(before.path, issue.path)
    except (OSError, ValueError) as error:
        st.warning(text.escape_markdown(error))
        return
    lines = bulletin_changes.words(t, found).split("\n", 2)[2]
    st.markdown(lines.replace("## ", "##### "))


def _verify(t: Text, folder: Path, issue: Issue) -> None:
    with st.spinner(t("The bulletin is rendered again"), show_time=True):
        found = publishing.verify(data.store(), folder, issue)
    if not found:
        st.success(t("Every byte is the same as when it was published."), icon=":material/verified:")
        return
    st.error(t("The new rendering differs:"), icon=":material/error:")
    st.markdown("\n".join(f"- {text.escape_markdown(line)}" for line in found))


def _prepare(t: Text, selection: Selection, folder: Path, held: list[Issue]) -> None:
    as_of = selection.latest - timedelta(days=selection.latest.isoweekday() % 7 or 7)
    if as_of.weekday() != 6 or as_of >= data.today():
        as_of -= WEEK
    week = name_of(as_of)
    person = identity.present()
    leads = [country for country in COUNTRIES if person.may_lead(country)]
    st.header(t("Prepare week {week}, as known on {day}", week=week, day=t.date(as_of)), anchor=False)
    same = [issue for issue in held if issue.week == week]
    if selection.modified:
        st.warning(
            t("The settings are modified. Only the panel's own settings are published."), icon=":material/tune:"
        )
        return
    if not leads:
        st.info(t("A lead of the United States or of Mexico can prepare and publish."), icon=":material/lock:")
        return
    name = identity.shown(t, person.name, verified=person.verified)
    st.markdown(f":small[:gray[{t('You sign as {name}.', name=name)}]]")
    if same:
        st.info(t("This week is published. What follows is a correction, and needs its reason."))
    with st.expander(t("Write highlights and notes, check, publish"), expanded=not same):
        edition = _words(t, as_of, correction=bool(same))
        note = st.text_input(t("Note for the record (not printed)"), max_chars=300, key=f"record-{week}")
        left, right = st.columns(2)
        check = left.button(t("Check"), key="check", width="stretch")
        publish = right.button(t("Publish"), key="publish", type="primary", width="stretch")
        if check:
            _check(t, folder, as_of, edition)
        if publish:
            _publish(t, folder, as_of, edition, person, note, correction=bool(same))


def _words(t: Text, as_of: date, *, correction: bool) -> Edition:
    """The words of people, in both languages; the highlights are filled in by rank."""
    assessment = data.assessment(as_of.isoformat(), DEFAULT_PLAN.budget)
    lines, notes, reason = {}, {country: {} for country in COUNTRIES}, {}  # type: ignore[var-annotated]
    for column, language in zip(st.columns(2), LANGUAGES, strict=True):
        with column:
            suggested = "\n".join(bulletin_signals.suggested(text.of(language), assessment))
            said = t(_LANGUAGE[language])
            written = st.text_area(
                t("Highlights {language}, one a line, at most {n}", language=said, n=MOST_HIGHLIGHTS),
                suggested, height=140, key=f"highlights-{language}-{as_of}",
            )  # fmt: skip
            lines[language] = tuple(line.strip() for line in written.splitlines() if line.strip())
            for country in COUNTRIES:
                notes[country][language] = st.text_area(
                    t("Note of {country} {language}", country=t.country(country), language=said),
                    height=90, max_chars=LONGEST_NOTE, key=f"note-{country}-{language}-{as_of}",
                )  # fmt: skip
            if correction:
                reason[language] = st.text_input(
                    t("What was wrong, {language}", language=said), max_chars=300, key=f"reason-{language}-{as_of}"
                )
    given = {country: words for country, words in notes.items() if any(part.strip() for part in words.values())}
    return Edition(
        highlights=lines, notes=given, correction=1 if correction else 0,
        reason={name: part for name, part in reason.items() if part.strip()},
    )  # fmt: skip


def _check(t: Text, folder: Path, as_of: date, edition: Edition) -> None:
    with st.status(t("The bulletin is rendered and checked"), expanded=True) as progress:
        assessment = data.assessment(as_of.isoformat(), DEFAULT_PLAN.budget)
        before = data.assessment((as_of - WEEK).isoformat(), DEFAULT_PLAN.budget)
        options = {"edition": edition, "assessment": assessment, "before": before}
        with publishing.prepare(data.store(), folder, as_of, **options, say=st.write) as draft:  # type: ignore[arg-type]
            checks = draft.checks
            preview = draft.written.path / f"bulletin_{draft.written.path.name}_{t.language}.html"
            page = preview.read_bytes()
        progress.update(label=t("Checked"), state="complete", expanded=False)
    _told(t, checks)
    st.download_button(t("Preview (HTML)"), page, file_name=f"preview_{preview.name}", mime="text/html",
                       on_click="ignore", key="preview")  # fmt: skip


def _told(t: Text, checks: list[Check]) -> None:
    rows = []
    for check in checks:
        word = t("passed") if check.passed else t("failed") if check.binding else t("failed, does not forbid")
        rows.append(f"| {t(CHECKS[check.name])} | **{word}** | {text.escape_markdown(check.detail)} |")
    heads = f"| {t('Check')} | {t('Result')} | {t('What was seen')} |"
    st.markdown("\n".join([heads, "|---|---|---|", *rows]))


def _publish(
    t: Text, folder: Path, as_of: date, edition: Edition, person: identity.Person, note: str, *, correction: bool
) -> None:
    try:
        with st.status(t("The bulletin is rendered, checked and frozen"), expanded=True) as progress:
            issue = publishing.publish(
                data.store(), folder, as_of, author=person.name, verified=person.verified, when=datetime.now(UTC),
                note=note, edition=edition, correction=correction,
                assessment=data.assessment(as_of.isoformat(), DEFAULT_PLAN.budget),
                before=data.assessment((as_of - WEEK).isoformat(), DEFAULT_PLAN.budget), say=st.write,
            )  # fmt: skip
            progress.update(label=t("Published"), state="complete", expanded=False)
    except (PublishingError, StoreError, OSError) as error:
        st.error(t("Not published: {reason}", reason=text.escape_markdown(error)), icon=":material/error:")
        return
    st.success(t("Published: week {week}. Load the page again to see it in the list.", week=issue.week))
