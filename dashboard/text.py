"""Sentences, numbers and dates in the reader's language: English as written, Spanish from locales/es.po."""

from __future__ import annotations

import datetime
import html
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd
from babel import Locale, dates, numbers
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES, Language

LANGUAGES: tuple[Language, ...] = ("en", "es")
_LOCALES: dict[str, Locale] = {"en": Locale.parse("en_US"), "es": Locale.parse("es_MX")}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:])")
_KNOWN_BY = re.compile(r"(:(?=[A-Za-z/])|@(?=\w)|\bwww\.)")
MISSING = "–"


def N_(message: str) -> str:
    """Mark a message that is translated where it is shown."""
    return message


# What each reason code means, in words a reader acts on.
REASONS = {
    "ok": N_("judged"),
    "too_little_history": N_("too little history"),
    "missing": N_("no value was published"),
    "not_judged": N_("still filling"),
    "too_few_cases": N_("too few cases for an alarm"),
    "no_variation": N_("the baseline does not vary"),
    "did_not_converge": N_("the model did not converge"),
    "emerging": N_("new: almost nothing before"),
    "mostly_zero": N_("mostly zero: one event would decide"),
    "method_break": N_("method break: too few periods under the new method"),
    "out_of_date": N_("out of date: the newest figure is over two years old"),
    "no_data": N_("no complete period"),
}
STATUS = {
    "reported": N_("reported"),
    "suppressed": N_("suppressed"),
    "not_reported": N_("not reported"),
    "not_collected": N_("not collected"),
    "withdrawn": N_("withdrawn"),
}
STATES = {
    "signal": N_("new signal"),
    "last_known": N_("last known signal"),
    "quiet": N_("quiet"),
    "not_judgeable": N_("cannot be judged"),
}
STREAMS = {
    "harm": N_("Harm"),
    "use": N_("Use"),
    "supply": N_("Supply"),
    "enforcement": N_("Enforcement"),
    "context": N_("Context"),
}
# Whether a nowcast can be judged on the revisions of its own source.
CERTAINTY = {"confirmed": N_("confirmed"), "probable": N_("probable")}
VALIDATION = {
    False: N_("not validated on this source's own revisions"),
    True: N_("can be judged on this source's own revisions"),
}
UNITS = {
    "deaths": N_("deaths"),
    "percent": N_("percent"),
    "per 10,000 visits": N_("per 10,000 visits"),
    "lb": N_("lb"),
    "kg": N_("kg"),
    "events": N_("events"),
    "case files": N_("case files"),
    "persons": N_("persons"),
}

# Short names, where a list of measures must stay a line.
SHORT = {
    "us_overdose_deaths_12m": N_("US overdose deaths"),
    "us_overdose_deaths_monthly": N_("US monthly deaths"),
    "us_overdose_ed_rate": N_("US emergency visits"),
    "us_cbp_seizure_weight": N_("US seizures, weight"),
    "us_cbp_seizure_events": N_("US seizures, events"),
    "mx_federal_drug_case_files": N_("MX federal case files"),
    "mx_retail_drug_case_files": N_("MX case files, method of 2015"),
    "mx_retail_drug_case_files_rnid": N_("MX case files"),
}


@dataclass(frozen=True)
class Text:
    """One language: call it with an English sentence and its values."""

    language: Language

    @property
    def locale(self) -> Locale:
        return _LOCALES[self.language]

    def __call__(self, message: str, **values: object) -> str:
        """The sentence in this language, its {values} put in; a message without a translation stays English."""
        found = message if self.language == "en" else _catalogue(self.language).get(message)
        text = message if found is None or isinstance(found, str) else str(found.string or message)
        return text.format(**values) if values else text

    def n(self, one: str, many: str, count: int, **values: object) -> str:
        """The form of the sentence that fits *count*, which is {n} in it."""
        text = one if count == 1 else many
        if self.language != "en":
            found = _catalogue(self.language).get(one)
            if found is not None and isinstance(found.string, tuple):
                text = found.string[0 if count == 1 else 1] or text
        return text.format(n=self.number(count), **values)

    def number(self, value: float, digits: int | None = None) -> str:
        """A number with the locale's separators; with *digits*, so many significant ones. NaN is a dash."""
        if value is None or pd.isna(value):
            return MISSING
        if value in (float("inf"), float("-inf")):
            return "∞"
        if digits is not None:
            value = float(f"{value:.{digits}g}")
        form = "#,##0.###" if digits is None else "#,##0.######"
        return str(numbers.format_decimal(value, format=form, locale=self.locale))

    def figure(self, value: float) -> str:
        """A published value: whole numbers in full, others to three significant digits."""
        return self.number(value) if pd.isna(value) or float(value).is_integer() else self.number(value, 3)

    def percent(self, share: float) -> str:
        """A share as a whole percentage."""
        return str(numbers.format_percent(share, locale=self.locale)).replace("-", "−")

    def date(self, day: datetime.date | pd.Timestamp, form: str = "d MMM y") -> str:
        return MISSING if pd.isna(day) else str(dates.format_date(day, form, locale=self.locale)).replace(".", "")

    def long_date(self, day: datetime.date) -> str:
        form = "EEEE d MMMM y" if self.language == "en" else "EEEE d 'de' MMMM 'de' y"
        return str(dates.format_date(day, form, locale=self.locale))

    def month(self, period: datetime.date | pd.Timestamp) -> str:
        return self.date(period, "MMM y")

    def period(self, period: pd.Timestamp, frequency: str) -> str:
        """A period in words: a month, a week by its first day, a year, a US fiscal year."""
        if pd.isna(period):
            return MISSING
        if frequency == "MS":
            return self.month(period)
        if frequency == "W":
            return self("week of {day}", day=self.date(period))
        return self("fiscal year {year}", year=period.year + 1) if frequency == "YS-OCT" else str(period.year)

    def place(self, code: str) -> str:
        return GEOGRAPHIES[code].name(self.language)

    def country(self, code: str) -> str:
        """A country's short name, for a badge."""
        return self(N_("US")) if code == "US" else self(N_("MX"))

    def substance(self, code: str) -> str:
        return SUBSTANCES[code].name(self.language)

    def indicator(self, name: str) -> str:
        return self(INDICATORS[name].title)

    def short(self, name: str) -> str:
        """A measure's short name; its title where it has none."""
        return self(SHORT[name]) if name in SHORT else self.indicator(name)

    def caution(self, name: str) -> str:
        return self(INDICATORS[name].caution) if INDICATORS[name].caution else ""

    def unit(self, name: str) -> str:
        return self(UNITS[INDICATORS[name].unit])

    def short_unit(self, name: str) -> str:
        """A unit as it stands behind a figure: rates as "per 10,000"."""
        return self(N_("per 10,000")) if INDICATORS[name].measure == "rate" else self.unit(name)

    def reason(self, code: str) -> str:
        return self(REASONS[code])

    def status(self, code: str) -> str:
        return self(STATUS[code])

    def state(self, code: str) -> str:
        return self(STATES[code])

    def stream(self, kind: str) -> str:
        return self(STREAMS[kind])


@cache
def of(language: Language) -> Text:
    """The text of one language."""
    return Text(language)


@cache
def _catalogue(language: Language) -> Catalog:
    with files("dashboard").joinpath(f"locales/{language}.po").open("rb") as file:
        return read_po(file, locale="es_MX")


def escape_markdown(text: object) -> str:
    """Text from outside, shown as it is: no Markdown, no HTML, no directive of Streamlit's, no link, no icon.

    Addresses become links and :names: pictures after Markdown's own escapes are read: an invisible word joiner
    behind the sign that they are known by keeps them as they are.
    """
    inert = _KNOWN_BY.sub("\\1\u2060", html.escape(str(text), quote=False).replace("\n", " "))
    return _MARKDOWN.sub(r"\\\1", inert)
