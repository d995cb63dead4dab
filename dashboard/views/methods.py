"""Methods & glossary: every detector and measure, the reasons, the words in two languages, rules and citing."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from dashboard import filters, text, written
from dashboard.filters import Selection
from dashboard.text import N_, Text
from dashboard.views import methods_record, picker
from data_sources.vocabulary import Language

PARTS = {
    "detectors": N_("Detectors"),
    "metrics": N_("Measures and models"),
    "reasons": N_("Why not judged"),
    "terms": N_("Glossary"),
    "rules": N_("Citing, licence, caveats, privacy"),
}
_PREFIX = {"detector": "detectors", "metric": "metrics", "reason": "reasons", "term": "terms", "rule": "rules"}
_OTHER: dict[Language, Language] = {"en": "es", "es": "en"}


@dataclass(frozen=True)
class Entry:
    """One thing that is explained: its part, its name in the address, and what is written of it."""

    part: str
    name: str
    said: Any

    @property
    def anchor(self) -> str:
        """Its anchor on the page and its `view` in the address, such as term-alarm."""
        return f"{next(prefix for prefix, part in _PREFIX.items() if part == self.part)}-{self.name}"


def link(selection: Selection, term: str) -> str:
    """The address of a word of the glossary; KeyError for a word that is not in it."""
    return filters.link(selection, "methods", view=f"term-{_known('terms', term)}")


def detector_link(selection: Selection, name: str) -> str:
    """The address of a detector's explanation, by its name in DETECTORS; KeyError for one that is not there."""
    return filters.link(selection, "methods", view=f"detector-{_known('detectors', name)}")


def _known(part: str, name: str) -> str:
    if name not in written.methods("en")[part]:
        raise KeyError(name)
    return name


def render(selection: Selection) -> None:
    """The page for a selection: what a link asked for first, then one part, or what a search found."""
    t = text.of(selection.language)
    entries = _entries(t)
    st.title(
        t(
            "Methods & glossary: {detectors} detectors, {terms} words in two languages",
            detectors=t.number(sum(entry.part == "detectors" for entry in entries)),
            terms=t.number(sum(entry.part == "terms" for entry in entries)),
        ),
        anchor=False,
    )
    asked = next((entry for entry in entries if entry.anchor == selection.view), None)
    part = asked.part if asked else selection.view if selection.view in PARTS else "detectors"
    if selection.view and asked is None and selection.view not in PARTS:
        said = t("Nothing here is called {value}; the detectors are shown.", value=selection.view[:40])
        st.info(text.escape_markdown(said), icon=":material/info:")
    wanted = st.text_input(
        t("Search methods and glossary"),
        placeholder=t("A word in English or Spanish"),
        key=f"methods-search-{t.language}",
        max_chars=60,
        icon=":material/search:",
    )
    if wanted.strip():
        _found(t, selection, [entry for entry in entries if _matches(entry, wanted)], wanted)
        return
    picked = st.pills(
        t("Parts of this page"), list(PARTS), default=part, required=True, format_func=lambda name: t(PARTS[name]),
        label_visibility="collapsed", key=f"methods-{selection.view}-{t.language}",
    )  # fmt: skip
    if picked != part:
        picker.go(replace(selection, view=picked))
    if asked:
        _entry(t, selection, asked, opened=True)
        st.markdown(f":small[:gray[{t('All of this part')}]]")
    for entry in entries:
        if entry.part == part and entry != asked:
            _entry(t, selection, entry)


def _entries(t: Text) -> list[Entry]:
    found = written.methods(t.language)
    entries = [Entry(part, name, said) for part in PARTS for name, said in found[part].items()]
    order = {part: place for place, part in enumerate(PARTS)}
    alphabetical = {entry.anchor: _plain(_name(t, entry)) if entry.part == "terms" else "" for entry in entries}
    return sorted(entries, key=lambda entry: (order[entry.part], alphabetical[entry.anchor]))


def _name(t: Text, entry: Entry) -> str:
    return t.reason(entry.name).capitalize() if entry.part == "reasons" else str(entry.said["name"])


def _plain(words: str) -> str:
    """Small letters without accents, so that a search needs neither."""
    bare = unicodedata.normalize("NFKD", words.casefold())
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


def _matches(entry: Entry, wanted: str) -> bool:
    """Whether all words of a search stand in an entry, in either language."""
    both = " ".join(str(written.methods(language)[entry.part][entry.name]) for language in _OTHER)
    said = _plain(both + " " + entry.name)
    return all(word in said for word in _plain(wanted).split())


def _found(t: Text, selection: Selection, entries: list[Entry], wanted: str) -> None:
    said = t.n("{n} entry for “{wanted}”", "{n} entries for “{wanted}”", len(entries), wanted=wanted.strip())
    st.header(text.escape_markdown(said), anchor=False)
    if not entries:
        st.markdown(t("Try a shorter word; accents and capitals do not matter."))
    for entry in entries:
        _entry(t, selection, entry)


def _entry(t: Text, selection: Selection, entry: Entry, *, opened: bool = False) -> None:
    """What is written of one thing; with an anchor, so that a link can point to it."""
    with st.container(border=opened, gap="xsmall"):
        name = text.escape_markdown(_name(t, entry))
        if entry.part == "terms":
            other = written.methods(_OTHER[t.language])["terms"][entry.name]["name"]
            name += f" :gray[· {text.escape_markdown(other)}]"
        st.subheader(name, anchor=entry.anchor)
        said = entry.said if isinstance(entry.said, str) else entry.said["text"]
        st.markdown(text.escape_markdown(said))
        if entry.part in ("detectors", "metrics"):
            _method(t, entry)
        if entry.part == "detectors":
            methods_record.record(t, selection, entry.name, opened=opened)


def _method(t: Text, entry: Entry) -> None:
    exact = written.formulas()[entry.part][entry.name]
    st.latex(written.formula(t.language, entry.part, entry.name), width="content")
    lines = [
        f"**{t('Assumes')}.** {text.escape_markdown(entry.said['assumes'])}",
        f"**{t('Known failures')}.** {text.escape_markdown(entry.said['fails'])}",
    ]
    if exact["references"]:
        lines.append(f"**{t('References')}.** {text.escape_markdown('; '.join(exact['references']))}.")
    for line in lines:
        st.markdown(f":small[{line}]")
