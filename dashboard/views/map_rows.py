"""What the map shows, row by row: states by class with their words, CBP areas by size, and the legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dashboard import data
from dashboard.charts_map import Legend
from dashboard.filters import Selection
from dashboard.geo.border import AREAS, BORDER
from dashboard.text import N_, Text
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.deviation import deviations, direction, rate_classes, rates, year_total

LABELLED = 0.04  # of all areas' weight, from which an area is named
SPLIT = {"US-NY": "US-NYC"}  # states whose series leaves out a city that the source gives on its own
WORDS = {
    "above": N_("above its own past"),
    "below": N_("below its own past"),
    "unclear": N_("no clear change"),
}


@dataclass(frozen=True)
class Choice:
    """A measure that the map can shade one country by."""

    country: str
    indicator: str
    substance: str
    label: str


@dataclass(frozen=True)
class Measured:
    """A chosen measure, with every place's deviation from its own past."""

    choice: Choice
    table: pd.DataFrame

    @property
    def indicator(self) -> str:
        return self.choice.indicator


# Deaths as predicted: first prints are not set against settled figures.
CHOICES = {
    "deaths": Choice("US", "us_overdose_deaths_12m_predicted", "all", N_("Overdose deaths, 12 months, predicted")),
    "opioids": Choice(
        "US", "us_overdose_deaths_12m_predicted", "synthetic_opioids",
        N_("Synthetic-opioid deaths, 12 months, predicted"),
    ),
    "visits": Choice("US", "us_overdose_ed_rate", "all", N_("Overdose visits per 10,000 emergency visits")),
    "dealing": Choice("MX", "mx_retail_drug_case_files", "all", N_("Drug-dealing case files, method of 2015")),
    "federal": Choice("MX", "mx_federal_drug_case_files", "all", N_("Federal drug case files")),
    "register": Choice(
        "MX", "mx_retail_drug_case_files_rnid", "all", N_("Drug-dealing case files, register of 2026")
    ),
}  # fmt: skip


def offered(selection: Selection) -> dict[str, list[str]]:
    """Per country the choices of which figures were known on the day, the usual one first."""
    as_of = selection.as_of.isoformat()
    held = {}
    for name, choice in CHOICES.items():
        wide = data.wide(as_of, choice.indicator)
        held[name] = wide is not None and choice.substance in wide.observed.columns.get_level_values(1)
    return {
        country: [name for name, choice in CHOICES.items() if choice.country == country and held[name]]
        for country in ("US", "MX")
    }


def measured(selection: Selection, name: str) -> Measured:
    """A choice with the deviations of its series, as known on the day."""
    choice = CHOICES[name]

    def make(day: str, indicator: str) -> pd.DataFrame:
        wide = data.wide(day, indicator)
        assert wide is not None  # offered only where known
        return deviations(wide, pd.Timestamp(day))

    table = data.computed("deviations", make, selection.as_of.isoformat(), choice.indicator)
    return Measured(choice, table[table["substance"] == choice.substance])


def state_rows(
    t: Text, selection: Selection, found: Sequence[Measured], scope: Sequence[str], *, rate: bool
) -> pd.DataFrame:
    """One row a state of *scope* (and a city that is split off) as `map_chart` takes it: class, figures, words."""
    parts = [_country_rows(t, selection, one, scope, rate=rate) for one in found]
    rows = pd.concat(parts, ignore_index=True)
    signals = set(data.judged(selection).signals["geography"])
    return rows.assign(signal=rows["code"].isin(signals))


def _country_rows(
    t: Text, selection: Selection, one: Measured, scope: Sequence[str], *, rate: bool
) -> pd.DataFrame:
    record = INDICATORS[one.indicator]
    codes = [code for code in scope if GEOGRAPHIES[code].country == one.choice.country]
    codes += [city for state, city in SPLIT.items() if state in codes and city in set(one.table["geography"])]
    rows = one.table.set_index("geography").reindex(codes).rename_axis("code").reset_index()
    rows["reason"] = rows["reason"].fillna("no_data")
    rows["rate"] = _rate(selection, one, rows) if rate else float("nan")
    if rate:
        shade, _ = rate_classes(rows["rate"])
    else:
        shade = rows["class"] + 2
    words = [direction(*row) for row in rows[["deviation", "low", "high"]].to_numpy(float)]
    names = [_name(t, code, set(one.table["geography"])) for code in codes]
    rows = rows.assign(
        indicator=one.indicator, country=one.choice.country, shade=shade, direction=words, name=names,
        short=[t("NY excluding New York City") if code in SPLIT else code[3:] for code in codes],
        words=[t(WORDS[word]) if word in WORDS else t.reason(reason)
               for word, reason in zip(words, rows["reason"], strict=True)],
        text=[t.number(round(row.rate, 1)) if rate else signed(t, row.deviation) for row in rows.itertuples()],
        named=[code in BORDER if len(scope) == len(BORDER) else code in SPLIT for code in codes],
    )  # fmt: skip
    rows["named"] &= rows["shade"].notna() | rows["code"].isin(BORDER)
    unit = t.unit(record.id)
    return rows.assign(tip=[tip(t, row, unit, rate=rate) for row in rows.itertuples()])


def _rate(selection: Selection, one: Measured, rows: pd.DataFrame) -> pd.Series:
    """Per 100,000 people a year for counts; what is a rate already stays."""
    record = INDICATORS[one.indicator]
    known = rows.assign(geography=rows["code"]).where(rows["reason"] != "out_of_date")
    if record.measure != "count":
        return known["value"]
    people = data.wide(selection.as_of.isoformat(), "population")
    if people is None:
        return rows["value"] * float("nan")
    table = people.observed.droplevel("substance", axis=1)
    return rates(known, table, months=12 if record.window == "12 months ending" else 1)


def _name(t: Text, code: str, held: set[str]) -> str:
    name = t.place(code)
    if SPLIT.get(code) in held:
        return t("{state}, excluding {city}", state=name, city=t.place(SPLIT[code]))
    return name


def signed(t: Text, share: float) -> str:
    """A deviation as "+30 %" or "−8 %"; a dash where there is none."""
    if pd.isna(share):
        return "–"
    return f"{'+' if share >= 0.005 else ''}{t.percent(share)}"


def tip(t: Text, row, unit: str, *, rate: bool) -> str:  # type: ignore[no-untyped-def]
    """One state in a sentence."""
    if pd.isna(row.value):
        return t("{place}: cannot be compared ({reason})", place=row.name, reason=row.words)
    value = t.figure(round(row.value, 1))
    first = t("{place}: {value} {unit}, {month}", place=row.name, value=value, unit=unit, month=t.month(row.period))
    if rate and pd.notna(row.rate):
        return t("{first}; rate {rate}", first=first, rate=row.text)
    if pd.isna(row.deviation):
        return t("{first}; cannot be compared ({reason})", first=first, reason=row.words)
    if pd.isna(row.low):
        return t("{first}; {change} against its own last three years", first=first, change=row.text)
    return t(
        "{first}; {change} against its own last three years ({low} to {high}): {words}",
        first=first, change=row.text, low=signed(t, row.low), high=signed(t, row.high), words=row.words,
    )  # fmt: skip


def legend(t: Text, one: Measured, rows: pd.DataFrame, *, rate: bool) -> Legend:
    """A country's legend: its name, its measure with the newest month, and the classes' limits."""
    mine = rows[rows["country"] == one.choice.country]
    newest = mine["period"].max()
    what = t(one.choice.label)
    if rate and INDICATORS[one.indicator].measure == "count":
        what = t("{measure}, per 100,000 a year", measure=what)
    limits: Sequence[str] = [signed(t, share) for share in (-0.20, -0.05, 0.05, 0.20)]
    if rate:
        limits = [t.number(limit, 3) for limit in rate_classes(mine["rate"])[1]]
    country = t("United States") if one.choice.country == "US" else t("Mexico")
    if pd.notna(newest):
        country = t("{country}, to {month}", country=country, month=t.month(newest))
    return Legend(
        "us" if one.choice.country == "US" else "mx", (country, what),
        (limits[0], limits[1], limits[2], limits[3]), diverging=not rate,
    )  # fmt: skip


def area_rows(t: Text, selection: Selection) -> tuple[pd.DataFrame, pd.Timestamp | None]:
    """The southwest border's CBP areas by fentanyl seized in twelve months, and the newest of these; or no rows."""
    wide = data.wide(selection.as_of.isoformat(), "us_cbp_seizure_weight")
    if wide is None:
        return pd.DataFrame(), None
    table = year_total(wide)
    mine = table[(table["substance"] == "fentanyl") & table["geography"].isin(AREAS) & table["total"].notna()]
    if mine.empty:
        return pd.DataFrame(), None
    signals = set(data.judged(selection).signals["geography"])
    whole = float(mine["total"].sum())
    rows = []
    for row in mine.itertuples():
        code, total = str(row.geography), float(row.total)
        longitude, latitude, _ = AREAS[code]
        weight = t("{value} lb", value=t.number(round(total)))
        signal = code in signals
        said = (
            t("{text}, open signal", text=f"{_area(t, code)} {weight}") if signal else f"{_area(t, code)} {weight}"
        )
        rows.append(
            {
                "code": code, "name": t.place(code), "longitude": longitude, "latitude": latitude, "size": total,
                "text": said, "labelled": signal or total >= LABELLED * whole, "signal": signal,
                "side": "right" if code.startswith("US-CBP-san-diego") else "left",
                "dy": -6 if code == "US-CBP-san-diego-sector" else 4 if code.endswith("field-office") else 0,
                "tip": t("{area}: {weight} of fentanyl in 12 months", area=t.place(code), weight=weight),
            }
        )  # fmt: skip
    return pd.DataFrame(rows), mine["period"].max()


def _area(t: Text, code: str) -> str:
    """An area's short name: the field office's town, or that a sector is meant."""
    name = GEOGRAPHIES[code].name_en
    town = name.removesuffix(" Field Office").removesuffix(" Sector")
    return t("{town} (sector)", town=town) if name.endswith("Sector") else town
