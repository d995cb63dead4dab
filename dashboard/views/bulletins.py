"""Bulletins: the frozen issues with their files and differences, and the next one prepared and published."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import streamlit as st

from dashboard import (
    bulletin_changes,
    bulletin_signals,
    data,
    error_words,
    identity,
    publishing,
    publishing_withdrawn,
    text,
)
from dashboard.bulletin_edition import COUNTRIES, LONGEST_NOTE, MOST_HIGHLIGHTS, Edition, Words
from dashboard.filters import Selection
from dashboard.publishing import Issue, PublishingError
from dashboard.publishing_checks import NAMES, Check
from dashboard.publishing_withdrawn import withdrawn
from dashboard.text import LANGUAGES, N_, Text
from data_sources.errors import StoreError
from surveillance.bulletin_facts import WEEK
from surveillance.changes_between import between
from surveillance.plan import DEFAULT_PLAN
from surveillance.settings import bulletins_folder
from surveillance.snapshot import name_of

SHOWN = 52  # issues on the page
STEPS = {
    "assessment": N_("Series judged"),
    "changes": N_("Changes since the issue before"),
    "checks": N_("Checks"),
    "freeze": N_("Frozen"),
}
_LANGUAGE = {"en": N_("in English"), "es": N_("in Spanish")}


def render(selection: Selection) -> None:
    """The page for a selection."""
    t, folder = text.of(selection.language), bulletins_folder(data.store().root)
    held = publishing.issues(folder)
    gone = withdrawn(data.store(), held)
    st.title(_title(t, held, gone), anchor=False)
    _prepare(t, selection, folder, held, gone)
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
        if issue in gone:
            last = _last(held)[issue.week]
            _withdrawn(t, folder, issue, gone[issue], None if last in gone else last)
        else:
            _issue(t, folder, issue, next((one for one in held[place + 1 :] if one not in gone), None))


def _title(t: Text, held: list[Issue], gone: Mapping[Issue, int]) -> str:
    if not held:
        return t("Bulletins: none published yet")
    shown = [issue for issue in held if issue not in gone]
    if not shown:
        return t("Bulletins: every issue is withdrawn")
    week, day = shown[0].week, t.date(shown[0].published)
    return t("Bulletins: the newest is week {week}, published {day}", week=week, day=day)


def _last(held: list[Issue]) -> dict[str, Issue]:
    """By week its newest issue."""
    return {issue.week: issue for issue in reversed(held)}


def _heading(t: Text, issue: Issue) -> None:
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


def _withdrawn(t: Text, folder: Path, issue: Issue, hidden: int, standing: Issue | None) -> None:
    """An issue without its files: that it is withdrawn, why, and what takes its place or how to reissue it."""
    with st.container(border=True, gap="xsmall"):
        _heading(t, issue)
        said = publishing_withdrawn.said(t, hidden)
        if standing:
            st.info(f"{said} {t('Correction {n} of this week stands in its place.', n=standing.correction)}")
        else:
            way = t(
                "Reissue it to show it again: a lead chooses week {week} above, or runs {command}.",
                week=issue.week,
                command=f"`drug-trends bulletin publish --week {issue.week} --correction`",
            )
            st.warning(f"{said} {way}", icon=":material/visibility_off:")
        if st.button(
            t("Compare with its seal"), icon=":material/verified:", type="tertiary",
            key=f"verify-{issue.path.name}",
        ):  # fmt: skip
            _verify(t, folder, issue, t("Every file is as it was published."))


def _issue(t: Text, folder: Path, issue: Issue, before: Issue | None) -> None:
    with st.container(border=True, gap="xsmall"):
        _heading(t, issue)
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
            _verify(t, folder, issue, t("Every byte is the same as when it was published."))
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
        st.warning(t("The two issues cannot be compared"))
        error_words.show(t, error)
        return
    lines = bulletin_changes.words(t, found).split("\n", 2)[2]
    st.markdown(lines.replace("## ", "##### "))


def _verify(t: Text, folder: Path, issue: Issue, proved: str) -> None:
    with st.spinner(t("The bulletin is rendered again"), show_time=True):
        found = publishing.verify(data.store(), folder, issue, t=t)
    if not found:
        st.success(proved, icon=":material/verified:")
        return
    st.error(t("It is not as it was published:"), icon=":material/error:")
    st.markdown("\n".join(f"- {text.escape_markdown(line)}" for line in found))


def _prepare(t: Text, selection: Selection, folder: Path, held: list[Issue], gone: Mapping[Issue, int]) -> None:
    as_of = selection.latest - timedelta(days=selection.latest.isoweekday() % 7 or 7)
    if as_of.weekday() != 6 or as_of >= data.today():
        as_of -= WEEK
    person = identity.present()
    leads = [country for country in COUNTRIES if person.may_lead(country)]
    head = st.container()
    if leads and not selection.modified and not selection.replay:
        as_of = _week(t, as_of, held, gone)
    week = name_of(as_of)
    head.header(t("Prepare week {week}, as known on {day}", week=week, day=t.date(as_of)), anchor=False)
    same = [issue for issue in held if issue.week == week]
    hidden = gone.get(same[0]) if same else None
    if selection.modified:
        st.warning(
            t("The settings are modified. Only the panel's own settings are published."), icon=":material/tune:"
        )
        return
    if selection.replay:
        st.info(t("A bulletin is prepared on the latest day, not in a replay."), icon=":material/history:")
        return
    if not leads:
        st.info(t("A lead of the United States or of Mexico can prepare and publish."), icon=":material/lock:")
        return
    name = identity.shown(t, person.name, verified=person.verified)
    st.markdown(f":small[:gray[{t('You sign as {name}.', name=name)}]]")
    if same:
        st.info(t("This week is published. What follows is a correction, and needs its reason."))
    with st.expander(t("Write highlights and notes, check, publish"), expanded=not same or hidden is not None):
        reason = {} if hidden is None else publishing_withdrawn.reason(hidden)
        edition = _words(t, as_of, correction=bool(same), why=reason)
        note = st.text_input(t("Note for the record (not printed)"), max_chars=300, key=f"record-{week}")
        left, right = st.columns(2)
        check = left.button(t("Check"), key="check", width="stretch")
        publish = right.button(t("Publish"), key="publish", type="primary", width="stretch")
        if check:
            _check(t, folder, as_of, edition)
        if publish:
            _publish(t, folder, as_of, edition, person, note, correction=bool(same))


def _week(t: Text, newest: date, held: list[Issue], gone: Mapping[Issue, int]) -> date:
    """The Sunday of the week to prepare: the newest, or one whose last issue is withdrawn."""
    lost = {issue.as_of for issue in _last(held).values() if issue in gone} - {newest}
    if not lost:
        return newest
    return st.selectbox(
        t("Week to prepare"), [newest, *sorted(lost, reverse=True)],
        format_func=lambda day: name_of(day) if day == newest else t("{week}, withdrawn", week=name_of(day)),
        key="week",
    )  # fmt: skip


def _words(t: Text, as_of: date, *, correction: bool, why: Words) -> Edition:
    """The words of people, in both languages; the highlights are filled in by rank, and a known reason as it is."""
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
                    t("What was wrong, {language}", language=said), why.get(language, ""), max_chars=300,
                    key=f"reason-{language}-{as_of}",
                )  # fmt: skip
    given = {country: words for country, words in notes.items() if any(part.strip() for part in words.values())}
    return Edition(
        highlights=lines, notes=given, correction=1 if correction else 0,
        reason={name: part for name, part in reason.items() if part.strip()},
    )  # fmt: skip


def _check(t: Text, folder: Path, as_of: date, edition: Edition) -> None:
    with st.status(t("The bulletin is rendered and checked"), expanded=True) as progress:
        assessment = data.assessment(as_of.isoformat(), DEFAULT_PLAN.budget)
        before = data.assessment((as_of - WEEK).isoformat(), DEFAULT_PLAN.budget)
        options = {"edition": edition, "assessment": assessment, "before": before, "t": t}
        with publishing.prepare(data.store(), folder, as_of, **options, say=_step(t)) as draft:  # type: ignore[arg-type]
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
        rows.append(f"| {t(NAMES[check.name])} | **{word}** | {text.escape_markdown(check.detail)} |")
    heads = f"| {t('Check')} | {t('Result')} | {t('What was seen')} |"
    st.markdown("\n".join([heads, "|---|---|---|", *rows]))


def _step(t: Text) -> publishing.Said:
    """Says a step of the rendering; a file's name is said as it is."""
    return lambda step: st.write(t(STEPS[step]) if isinstance(step, str) and step in STEPS else step)


def _publish(
    t: Text, folder: Path, as_of: date, edition: Edition, person: identity.Person, note: str, *, correction: bool
) -> None:
    try:
        with st.status(t("The bulletin is rendered, checked and frozen"), expanded=True) as progress:
            issue = publishing.publish(
                data.store(), folder, as_of, author=person.name, verified=person.verified, when=datetime.now(UTC),
                note=note, edition=edition, correction=correction,
                assessment=data.assessment(as_of.isoformat(), DEFAULT_PLAN.budget),
                before=data.assessment((as_of - WEEK).isoformat(), DEFAULT_PLAN.budget), t=t, say=_step(t),
            )  # fmt: skip
            progress.update(label=t("Published"), state="complete", expanded=False)
    except PublishingError as error:
        st.error(t("Not published: {reason}", reason=text.escape_markdown(error)), icon=":material/error:")
        return
    except (StoreError, OSError) as error:
        st.error(t("Not published"), icon=":material/error:")
        error_words.show(t, error)
        return
    st.success(t("Published: week {week}. Load the page again to see it in the list.", week=issue.week))
