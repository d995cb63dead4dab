"""The weekly snapshot: an Assessment as tables with a data package, sealed by a manifest of hashes."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.registry import SOURCES
from data_sources.store import Store
from surveillance.assessment import Assessment
from surveillance.bulletin_facts import revised
from surveillance.plan import DEFAULT_PLAN
from surveillance.situation import calendar

RECENT = 36  # periods of verdicts and observations that a snapshot carries
_VERSIONS = ("drug-trends", "numpy", "pandas", "scipy", "statsmodels", "altair", "vl-convert-python", "jinja2")
_ABOUT = {
    "series": "Every watched series: its state at its newest complete period, and why",
    "signals": "Open signals in order: new ones first, then the last known ones of late sources",
    "verdicts": f"The verdicts on the last {RECENT} periods of every watched series",
    "observations": f"The figures as known, last {RECENT} periods of every watched series",
    "indicators": "What each indicator measures, its unit and cautions",
    "publications": "The publishers' files behind these figures",
    "revisions": "Figures of watched series that their publishers changed in the seven days before",
    "calendar": "When the next period of each watched indicator is expected, by its usual delay",
}
_FIELD_ABOUT = {
    "alarm": "true, false, or empty where it could not be judged",
    "pvalue": "P(Y >= observed) under the baseline, one-sided",
    "pvalue_low": "P(Y <= observed) under the baseline, one-sided",
    "qvalue": "Benjamini-Yekutieli q-value among the judged newest periods; shown, never a gate",
    "fall": "true where the value is unusually low: possible data loss first, then a fall",
    "exceedance": "(observed - expected) / (upper - expected)",
    "period": "first day of the period; of its end month for 12-month sums",
    "as_of": "when the value was public",
    "run": "length of the current run of alarms, in periods",
    "alarms": f"earlier alarms among the last {RECENT} judged periods",
}


@dataclass(frozen=True)
class Folder:
    """A snapshot being written: `path` is out of sight until it is moved to `final`, whole."""

    path: Path
    final: Path
    name: str


def name_of(as_of: date) -> str:
    """The ISO week, such as 2026-W47, when *as_of* is its Sunday; else the week and the day."""
    year, week, weekday = as_of.isocalendar()
    return f"{year}-W{week:02d}" + ("" if weekday == 7 else f"_as-of-{as_of}")


@contextmanager
def write_tables(assessment: Assessment, store: Store, out: Path) -> Iterator[Folder]:
    """Write the tables and the data package into a hidden folder; on leaving without error, show it whole.

    A snapshot of the same name is replaced; one under settings that are not the panel's says so in its name.
    Raises OSError where *out* cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    digest = assessment.plan.digest
    final = out / (name_of(assessment.as_of) + ("" if digest == DEFAULT_PLAN.digest else f"_modified-{digest}"))
    with tempfile.TemporaryDirectory(prefix=f".{final.name}.", dir=out) as hidden:
        path = Path(hidden) / "snapshot"
        (path / "data").mkdir(parents=True)
        tables = _tables(assessment, store)
        for name, table in tables.items():
            to_csv(table, path / "data" / f"{name}.csv")
        _write_json(path / "datapackage.json", _package(assessment, tables, final.name))
        yield Folder(path, final, final.name)
        if final.exists():
            shutil.move(final, Path(hidden) / "previous")
        path.rename(final)


def seal(folder: Folder, assessment: Assessment, store: Store) -> None:
    """Write manifest.json: settings, versions, raw-file hashes, failures, and the hash of every other file.

    It holds no clock, host or path, so the same inputs give the same bytes.
    """
    hashes = hashes_of(folder.path)
    manifest = provenance(folder, assessment, store) | {
        "files": hashes,
        "seal": seal_of(hashes),
    }
    _write_json(folder.path / "manifest.json", manifest)


def provenance(folder: Folder, assessment: Assessment, store: Store) -> dict[str, Any]:
    """What a snapshot was made from: settings, versions, raw files and failures."""
    plan = assessment.plan
    return {
        "snapshot": folder.name,
        "as_of": assessment.as_of.isoformat(),
        "settings": {
            "name": f"{plan.name} v{plan.version}",
            "digest": plan.digest,
            "budget": plan.budget,
            "alpha": float(f"{assessment.alpha:.6g}"),
            "inflation": {name: float(f"{c:.6g}") for name, c in plan.inflation.items()},
            "watches": {
                f"{watch.indicator}": repr(watch.detector)
                for watch in plan.at(float(f"{assessment.alpha:.6g}")).watches
            },
        },
        "versions": {"python": ".".join(platform.python_version_tuple()[:2])}
        | {package: version(package) for package in _VERSIONS},
        "raw_files": {
            f"{row.source}/{row.name}": row.sha256 for row in _publications(assessment, store).itertuples()
        },
        "failures": dict(assessment.failures),
    }


def seal_of(hashes: Mapping[str, str]) -> str:
    """One hash over the hashes of all files."""
    return hashlib.sha256(json.dumps(dict(hashes), sort_keys=True).encode()).hexdigest()


def hashes_of(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in a folder but its manifest, by relative name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def to_csv(table: pd.DataFrame, path: Path) -> None:
    """*table* as CSV: 6 significant digits, ISO dates, and no cell that a spreadsheet would run."""
    path.write_bytes(csv_bytes(table))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """UTF-8 CSV of *table*; text that begins like a formula is preceded by an apostrophe."""
    safe = table.copy(deep=False)
    for column in safe.columns:
        if safe[column].dtype == "str" or safe[column].dtype == object:
            safe[column] = safe[column].map(_inert, na_action="ignore")
        elif pd.api.types.is_bool_dtype(safe[column]):
            safe[column] = safe[column].map({True: "true", False: "false"})
    return safe.to_csv(index=False, float_format="%.6g", date_format="%Y-%m-%d", lineterminator="\n").encode()


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _tables(assessment: Assessment, store: Store) -> dict[str, pd.DataFrame]:
    series = ["indicator", "geography", "substance"]
    watched = assessment.series[series]
    used = [INDICATORS[name] for name in sorted(watched["indicator"].unique())]
    known = store.known_on(assessment.as_of, sorted(watched["indicator"].unique()))
    observations = known.merge(watched, on=series).sort_values([*series, "period"])
    verdicts = assessment.verdicts.sort_values([*series, "period"])
    return {
        "series": assessment.series.sort_values(series),
        "signals": assessment.signals,
        "verdicts": verdicts.groupby(series, sort=False).tail(RECENT),
        "observations": observations.groupby(series, sort=False).tail(RECENT),
        "indicators": pd.DataFrame(
            {
                "indicator": [indicator.id for indicator in used],
                "title": [indicator.title for indicator in used],
                "unit": [indicator.unit for indicator in used],
                "window": [indicator.window for indicator in used],
                "kind": [indicator.kind for indicator in used],
                "comparability": [indicator.grade for indicator in used],
                "caution": [indicator.caution for indicator in used],
            }
        ),
        "publications": _publications(assessment, store),
        "revisions": revised(store, assessment),
        "calendar": calendar(assessment),
    }


def _publications(assessment: Assessment, store: Store) -> pd.DataFrame:
    held = store.publications()
    known = held[held["as_of"] <= pd.Timestamp(assessment.as_of)]
    return known[["source", "name", "as_of", "origin", "sha256"]].sort_values(["source", "as_of", "sha256"])


def _package(assessment: Assessment, tables: dict[str, pd.DataFrame], name: str) -> dict[str, object]:
    sources = sorted(set(tables["publications"]["source"]))
    return {
        "profile": "tabular-data-package",
        "name": f"drug-trends-{name.lower()}",
        "title": f"Drug trends, United States and Mexico, as known on {assessment.as_of}",
        "version": f"{assessment.plan.version}",
        "sources": [
            {
                "title": f"{SOURCES[source].publisher}: {SOURCES[source].title}",
                "path": SOURCES[source].homepage,
            }
            for source in sources
        ],
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": table,
                "path": f"data/{table}.csv",
                "description": _ABOUT[table],
                "encoding": "utf-8",
                "schema": {
                    "fields": [_field(column, rows[column]) for column in rows.columns],
                    "missingValues": [""],
                },
            }
            for table, rows in tables.items()
        ],
    }


def _field(name: str, column: pd.Series) -> dict[str, str]:
    if pd.api.types.is_bool_dtype(column):
        kind = "boolean"
    elif pd.api.types.is_datetime64_any_dtype(column):
        kind = "date"
    elif pd.api.types.is_integer_dtype(column):
        kind = "integer"
    elif pd.api.types.is_float_dtype(column):
        kind = "number"
    else:
        kind = "string"
    about = {"description": _FIELD_ABOUT[name]} if name in _FIELD_ABOUT else {}
    return {"name": name, "type": kind} | about


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
