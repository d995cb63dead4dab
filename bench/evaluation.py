"""Every detector against outbreaks that are known: simulated ones, and ones put into the real series.

    python bench/evaluation.py [DATA]

DATA is the folder of published files (default: ../shared/data). Writes docs/evaluation.svg, the tables of
docs/evaluation.md and surveillance/evaluated.csv, from which rank_detectors says what each indicator should use.
Seeded; under 15 minutes on two cores. Set OMP_NUM_THREADS=1: the processes share the cores already.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from data_sources.ingest import import_file, open_store
from data_sources.registry import SOURCES
from surveillance import detectors
from surveillance.detectors import (
    DETECTORS,
    Bayes,
    Cusum,
    Detector,
    EarsC1,
    EarsC2,
    EarsC3,
    Farrington1996,
    FarringtonFlexible,
    HistoricalLimits,
    Rki,
    SeasonalRegression,
    TwelveMonthEnding,
)
from surveillance.detectors.chart import Chart
from surveillance.evaluation import RATE, alarm_rate, at_rate, find, measures, rank_detectors
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import Wide, regular
from surveillance.simulate import (
    BASELINE,
    JUDGED,
    WEEKS,
    Counts,
    Simulated,
    inject,
    negative_binomial,
    simulate,
    weekly,
)

ROOT = Path(__file__).resolve().parents[1]
DAY = date(2026, 11, 1)
FILES = (
    ("us_cbp_seizures", "us/cbp/nationwide-drugs-fy19-fy22.csv", date(2022, 10, 20)),
    ("us_cbp_seizures", "us/cbp/nationwide-drugs-fy20-fy23.csv", date(2023, 10, 20)),
    ("us_cbp_seizures", "us/cbp/nationwide-drugs-fy23-fy26-dec.csv", date(2026, 1, 20)),
    ("us_cdc_overdose_deaths", "us/vsrr/vsrr_full_2025-07-16.csv.gz", date(2025, 7, 16)),
    ("mx_sesnsp_federal_drug_offences", "mx/sesnsp/IDEFF_jul25_RAW.csv", date(2025, 8, 20)),
    ("mx_sesnsp_retail_drug_offences", "mx/sesnsp/IDEFC_estatal_2015-2024nov_RAW.csv.gz", date(2024, 12, 20)),
    ("mx_sesnsp_retail_drug_offences", "mx/sesnsp/RNID_estatal_2026_feb2026_RAW.csv.gz", date(2026, 3, 20)),
)
REPLICATES, CALIBRATED_ON = 100, 20  # a scenario; the second are others, for the calibration alone
FEWER = {
    "GlrPoisson": (10, 4),
    "GlrNegBin": (10, 4),
    "LrNegBin": (10, 4),
    "SeasonalRegression": (40, 10),
    "CUSUM": (20, 5),
}
SIZES, OUTBREAKS = (2.0, 4.0, 8.0), 400  # of injected outbreaks: k, and about how many of each an indicator
SHORT = 36  # months in which the second detector of a row of the plan may answer
MEANS = ((-2.0, 2.0), (0.1, 1.5), (0.5, 5.0), (1.5, 1.0), (2.5, 3.0), (3.75, 1.1), (5.0, 1.2))  # log mean, φ
HISTORY = 4  # weeks that HistoricalLimits wants more than the others
FITS, YEARS_AND_A_WEEK = 4000, 5 * 52 + 4

NO_FLOOR = (0, 4)
FLEXIBLE = FarringtonFlexible(min_cases=NO_FLOOR)
PROTOCOL: dict[str, Detector] = {
    "Farrington 1996-like": Farrington1996(alpha=0.01, min_cases=NO_FLOOR),
    "Noufaily nbPlugin": FLEXIBLE,
    "Noufaily nbPlugin, α = .01": replace(FLEXIBLE, alpha=0.01),
    "Noufaily delta": replace(FLEXIBLE, threshold="delta"),
    "muan": replace(FLEXIBLE, threshold="muan"),
    "muan, r_compatible": replace(FLEXIBLE, threshold="muan", mode="r_compatible"),
    "EARS C1, min_sd 0": EarsC1(alpha=0.005, min_sd=0.0),
    "EARS C2, min_sd 0": EarsC2(alpha=0.005, min_sd=0.0),
    "EARS C3, min_sd 0": EarsC3(alpha=0.005, min_sd=0.0),
    "RKI 1": Rki(system=1),
    "RKI 2": Rki(system=2),
    "RKI 3": Rki(system=3),
    "CUSUM Rossi, fixed mean": Cusum(
        scale="rossi",
        threshold=2.26,
        reference=1.04,
        harmonics=0,
        update="never",
        training=WEEKS - JUDGED,
        reset=False,
    ),
    "Bayes 1": Bayes(system=1),
    "Bayes 2": Bayes(system=2),
    "Bayes 3": Bayes(system=3),
    "CUSUM": Cusum(),
}
REFERENCE = {  # false alarms a week and POD that another implementation reached by the same protocol
    "Farrington 1996-like": (0.029, 0.593),
    "Noufaily nbPlugin": (0.0080, 0.446),
    "Noufaily nbPlugin, α = .01": (0.0136, 0.524),
    "Noufaily delta": (0.0107, 0.493),
    "muan": (0.0014, 0.249),
    "muan, r_compatible": (0.0034, 0.337),
    "EARS C1, min_sd 0": (0.057, 0.62),
    "EARS C2, min_sd 0": (0.073, 0.64),
    "EARS C3, min_sd 0": (0.068, 0.54),
    "RKI 1": (0.083, 0.70),
    "RKI 2": (0.060, 0.69),
    "RKI 3": (0.077, 0.73),
    "CUSUM Rossi, fixed mean": (0.39, 0.76),
}
ELSEWHERE = ("twelve_month_ending", "level_shift", "seasonal_trend")  # not counts; what lasts; a slow fit each
AS_IT_IS = ("Noufaily nbPlugin, α = .01", "muan, r_compatible", "CUSUM Rossi, fixed mean")  # not at equal rates


def weekly_settings() -> dict[str, Detector]:
    """PROTOCOL, and every other detector of outbreaks in weekly counts as it comes."""
    known = {type(detector) for detector in PROTOCOL.values()}
    kinds = [kind for name, kind in DETECTORS.items() if name not in ELSEWHERE and kind not in known]
    return PROTOCOL | {kind.__name__: kind() for kind in kinds}


@cache
def simulated(replicates: int, seed: int) -> Simulated:
    return simulate(replicates=replicates, seed=seed)


def by_protocol(name: str, detector: Detector) -> dict[str, Any]:
    """One row of the first table: the setting as it is, and at a false-alarm rate of RATE."""
    replicates, calibrated_on = FEWER.get(name, (REPLICATES, CALIBRATED_ON))
    study = simulated(replicates, 1)
    row = {"detector": name, **_by_protocol(study, detector)}
    if name not in AS_IT_IS:
        equal = at_rate(detector, seen(detector, simulated(calibrated_on, 2).background), last=JUDGED)
        row |= {"equal_alpha": equal.alpha} | {f"equal_{k}": v for k, v in _by_protocol(study, equal).items()}
    return row


def _by_protocol(study: Simulated, detector: Detector) -> dict[str, Any]:
    rate = alarm_rate(detector, seen(detector, study.background), last=JUDGED)
    alarm = detector.assess(seen(detector, study.with_outbreaks), last=JUDGED).alarm_
    return {"fpr": rate, **asdict(measures(alarm, study.current[-JUDGED:]))}


def seen(detector: Detector, counts: Counts) -> pd.DataFrame:
    """The weeks that matter to a detector: all to a chart, whose state begins with the series."""
    return weekly(counts if isinstance(detector, Chart) else counts[BASELINE.start - HISTORY :])


def trend_kept(log_mean: float, phi: float, *, fits: int = FITS, seed: int = 1) -> dict[str, float]:
    """How often a trend is kept in trend-free series at a nominal 5 %, and how often extrapolation refuses one."""
    row: dict[str, float] = {"mean": float(np.exp(log_mean)), "phi": phi, "fits": fits}
    for name, spread in (("poisson", 1.0), ("negbin", phi)):
        mean = np.full((YEARS_AND_A_WEEK, fits), row["mean"])
        counts = weekly(negative_binomial(np.random.default_rng(seed), mean, np.full(fits, spread)))
        for p in (0.05, 1.0):
            kept = replace(FLEXIBLE, trend_p=p).run(counts, last=1).number("trend").mean()
            row[f"{name}_{p:g}"] = float(kept)
    return row


# ── the real series ──────────────────────────────────────────────────────────────────────────────────────────

MONTHLY = FarringtonFlexible(years=5, min_years=3, half_window=1, blocks=5, guard=6)
AMOUNTS = replace(MONTHLY, threshold="delta", min_cases=NO_FLOOR, min_dispersion=1e-6)
REGRESSIONS: tuple[Detector, ...] = (
    SeasonalRegression(),
    SeasonalRegression(years=3),
    SeasonalRegression(trend=True),
    SeasonalRegression(transform="sqrt", tail_df=30.0),
    SeasonalRegression(transform="sqrt", years=3, trend=True, tail_df=30.0),
)
CANDIDATES: dict[str, tuple[Detector, ...]] = {
    "count": (
        MONTHLY,
        replace(MONTHLY, trend=False),
        replace(MONTHLY, threshold="delta"),
        replace(MONTHLY, threshold="muan"),
        Farrington1996(half_window=1, min_years=3),
        HistoricalLimits(years=3),
        *(kind(system=system) for kind in (Rki, Bayes) for system in (2, 3)),
        *REGRESSIONS,
    ),
    "weight": (*REGRESSIONS, AMOUNTS),
    "rate": (*REGRESSIONS, AMOUNTS),
    "12 months ending": tuple(TwelveMonthEnding(years=years) for years in (3, 4, 5)),
}
MOVING: dict[str, tuple[Detector, ...]] = {  # baselines of a few periods
    "count": (EarsC1(), EarsC2(), EarsC3(), Rki(system=1), Bayes(system=1)),
    "weight": (EarsC1(), EarsC2(), EarsC3()),
    "rate": tuple(kind(min_sd=0.01) for kind in (EarsC1, EarsC2, EarsC3)),
    "12 months ending": (),
}


@dataclass(frozen=True)
class Panel:
    """The series of one indicator, and the detectors that are compared on the months it may judge."""

    indicator: str
    role: str
    kind: str
    observed: pd.DataFrame
    judge: pd.DataFrame
    candidates: tuple[Detector, ...]


def panels(data: Path, root: Path) -> Iterator[Panel]:
    """Per indicator of the plan the months that all candidates can judge; then the first three years."""
    store = open_store(root)
    for source, file, day in FILES:
        import_file(store, SOURCES[source], data / file, day, now=datetime(2026, 11, 1, tzinfo=UTC))
    for watch in DEFAULT_PLAN.watches:
        wide = regular(store, DAY, watch.indicator, watch.substances)
        if wide is not None:
            kind = wide.indicator.measure if wide.indicator.window == "period" else wide.indicator.window
            main = _unique(watch.detector, *CANDIDATES[kind], *MOVING[kind], *others(kind))
            yield _panel(wide, kind, "main", main)
            short = [each for each in (*MOVING[kind], *others(kind)) if each.min_history("MS") <= SHORT // 3]
            if watch.short:
                yield _panel(wide, kind, "short", _unique(watch.short, *short))


def others(kind: str) -> tuple[Detector, ...]:
    """The detectors for counts that have no setting above, as they come."""
    named = {type(each) for several in (*CANDIDATES.values(), *MOVING.values()) for each in several}
    left_out = (*ELSEWHERE, "glr_negbin", "lr_negbin")  # slow, and for lasting rises
    kinds = [each for name, each in DETECTORS.items() if name not in left_out and each not in named]
    return tuple(each() for each in kinds) if kind == "count" else ()


def _unique(*several: Detector) -> tuple[Detector, ...]:
    return tuple({repr(each): each for each in several}.values())


def _panel(wide: Wide, kind: str, role: str, candidates: tuple[Detector, ...]) -> Panel:
    start = wide.indicator.comparable_from
    observed = wide.observed if start is None else wide.observed[wide.observed.index >= start]
    age = np.arange(len(observed))[:, None] - observed.notna().to_numpy().argmax(axis=0)
    judge = wide.judge.loc[observed.index] & (age >= max(each.min_history("MS") for each in candidates))
    if role == "short":
        judge &= age <= SHORT
    return Panel(wide.indicator.id, role, kind, observed, judge, candidates)


def on_real(panel: Panel, detector: Detector) -> dict[str, Any] | None:
    """One row of the second table; None where nothing can be judged."""
    observed, judge = panel.observed, panel.judge
    default = alarm_rate(detector, observed, judge=judge, runs=True)
    if np.isnan(default):
        return None
    equal = at_rate(detector, observed, judge=judge, runs=True)
    judged = equal.assess(observed, judge=judge).alarm_ >= 0
    outbreaks = inject(
        observed,
        judge,
        sizes=SIZES,
        starts=int(np.clip(OUTBREAKS // observed.shape[1], 4, 60)),
        whole=panel.kind == "count",
        sums=panel.kind == "12 months ending",
    )
    found = find(equal, observed, outbreaks)
    return {
        "indicator": panel.indicator,
        "role": panel.role,
        "detector": repr(detector),
        "alpha": equal.alpha,
        "months": int(judged.sum()),
        "judged": float(judged.sum() / judge.to_numpy().sum()),
        "signals": alarm_rate(equal, observed, judge=judge, runs=True),
        "alarms": alarm_rate(equal, observed, judge=judge),
        "signals_a_year_by_default": 12 * default,
        "outbreaks": found.outbreaks,
        "background": found.background,
        "sensitivity": found.sensitivity,
        "timeliness": found.timeliness,
        **{f"sensitivity_{k:g}": share for k, share in found.by_size.items()},
    }


# ── what is written ──────────────────────────────────────────────────────────────────────────────────────────


def called(text: str) -> str:
    """A detector's repr without the parameters that are its class's defaults."""
    detector = eval(text, vars(detectors))
    usual = type(detector)()
    own = (f"{k}={v!r}" for k, v in vars(detector).items() if v != getattr(usual, k))
    return f"{type(detector).__name__}({', '.join(own)})"


def percent(share: float, digits: int = 2) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.{digits}f}"


def plain(number: float, digits: int = 3) -> str:
    return "–" if np.isnan(number) else f"{number:.{digits}f}"


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def protocol_table(table: pd.DataFrame) -> str:
    heads = ["detector", "FPR %", "reference", "POD", "reference", "POD first week", "sensitivity", "PPV", "weeks"]
    rows = []
    for row in table.to_dict("records"):
        rate, pod = REFERENCE.get(row["detector"], (np.nan, np.nan))
        numbers = [percent(row["fpr"]), percent(rate), plain(row["pod"]), plain(pod)]
        numbers += [plain(row[name]) for name in ("pod_first", "sensitivity", "ppv")]
        rows.append([row["detector"], *numbers, plain(row["timeliness"], 2)])
    return markdown(heads, rows)


def equal_table(table: pd.DataFrame) -> str:
    heads = ["detector", "α", "FPR %", "POD", "POD first week", "sensitivity", "PPV", "weeks"]
    ordered = table.dropna(subset="equal_alpha").sort_values("equal_pod", ascending=False)
    rows = []
    for row in ordered.to_dict("records"):
        shares = [plain(row[f"equal_{name}"]) for name in ("pod", "pod_first", "sensitivity", "ppv")]
        numbers = [f"{row['equal_alpha']:.2g}", percent(row["equal_fpr"]), *shares]
        rows.append([row["detector"], *numbers, plain(row["equal_timeliness"], 2)])
    return markdown(heads, rows)


def real_table(ranked: pd.DataFrame) -> str:
    heads = [
        "indicator", "rank", "detector", "judged %", "signals a year by default", "α", "signals %", "alarms %",
        "background %", "outbreaks", "found", *(f"{k:g} sd" for k in SIZES), "months",
    ]  # fmt: skip
    rows = []
    for row in ranked.to_dict("records"):
        watch = DEFAULT_PLAN[row["indicator"]]
        planned = repr(watch.detector if row["role"] == "main" else watch.short) == row["detector"]
        name = called(row["detector"])
        rows.append(
            [
                row["indicator"] + (", short history" if row["role"] == "short" else ""),
                "–" if pd.isna(row["rank"]) else str(row["rank"]),
                f"**{name}**" if planned else name,
                percent(row["judged"], 0),
                plain(row["signals_a_year_by_default"], 2),
                f"{row['alpha']:.2g}",
                percent(row["signals"]),
                percent(row["alarms"]),
                percent(row["background"], 1),
                str(row["outbreaks"]),
                plain(row["sensitivity"]),
                *(plain(row[f"sensitivity_{k:g}"], 2) for k in SIZES),
                plain(row["timeliness"], 2),
            ]
        )
    return markdown(heads, rows)


def trend_table(table: pd.DataFrame) -> str:
    heads = ["mean", "fits", "Poisson: kept %", "refused %", "φ", "kept %", "refused %"]
    rows = []
    for row in table.to_dict("records"):
        poisson, negbin = (
            [percent(row[f"{name}_0.05"]), percent(1 - row[f"{name}_1"])] for name in ("poisson", "negbin")
        )
        rows.append([f"{row['mean']:.3g}", str(row["fits"]), *poisson, f"{row['phi']:g}", *negbin])
    return markdown(heads, rows)


def picture(simulation: pd.DataFrame, ranked: pd.DataFrame) -> alt.VConcatChart:
    """Above, what each setting finds as it is and at equal rates; below, what is found in the real series."""
    as_is = simulation[["detector", "fpr", "pod"]].assign(at="as it is")
    equal = simulation.dropna(subset="equal_alpha")[["detector", "equal_fpr", "equal_pod"]]
    equal = equal.set_axis(["detector", "fpr", "pod"], axis=1).assign(at=f"at {100 * RATE:g} % false alarms")
    points = pd.concat([as_is, equal])
    order = equal.sort_values("pod", ascending=False)["detector"].tolist()
    order += [name for name in as_is["detector"] if name not in order]
    colour = alt.Scale(range=["#b0b7c3", "#1f5fa8"])
    above = (
        alt.Chart(points, title="Simulated outbreaks found (42 scenarios); size: false alarms a week")
        .mark_circle(opacity=0.9)
        .encode(
            x=alt.X("pod:Q", title="share of outbreaks found", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("detector:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color("at:N", title=None, scale=colour),
            size=alt.Size(
                "fpr:Q", title="false alarms", scale=alt.Scale(range=[30, 500]), legend=alt.Legend(format=".0%")
            ),
        )
        .properties(width=520)
    )
    main = ranked[ranked["role"] == "main"]
    kinds = main["detector"].str.split("(").str[0]
    best = main.assign(kind=kinds).dropna(subset="rank").sort_values("rank").groupby(["indicator", "kind"]).head(1)
    below = (
        alt.Chart(
            best,
            title=f"Outbreaks found in the real series, best settings, a signal in {100 * RATE:g} % of months",
        )
        .mark_rect()
        .encode(
            x=alt.X("indicator:N", title=None, axis=alt.Axis(labelAngle=-30, labelLimit=220)),
            y=alt.Y("kind:N", title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color("sensitivity:Q", title="found", scale=alt.Scale(scheme="blues", domain=[0, 1])),
        )
        .properties(width=520)
    )
    numbers = below.mark_text(fontSize=11).encode(
        text=alt.Text("sensitivity:Q", format=".2f"),
        color=alt.condition("datum.sensitivity > 0.5", alt.value("white"), alt.value("black")),
    )
    return alt.vconcat(above, below + numbers).resolve_scale(color="independent")


def put(document: Path, tables: dict[str, str]) -> None:
    """Each table between the comments <!-- name --> and <!-- end --> of the document."""
    text = document.read_text(encoding="utf-8")
    for name, table in tables.items():
        start, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, found, rest = text.partition(start)
        if not found:
            raise SystemExit(f"{document} has no place for the table {name}")
        text = f"{before}{start}\n{table}\n\n{end}{rest.partition(end)[2]}"
    document.write_text(text, encoding="utf-8")


def studied(data: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The rows of the simulation, of the trend test and of the real series, in all processes there are."""
    with ProcessPoolExecutor(os.cpu_count()) as pool, tempfile.TemporaryDirectory() as folder:
        everything = list(panels(data, Path(folder)))
        weekly_tasks = [pool.submit(by_protocol, *each) for each in weekly_settings().items()]
        trend_tasks = [pool.submit(trend_kept, *each) for each in MEANS]
        tasks = [pool.submit(on_real, panel, each) for panel in everything for each in panel.candidates]
        simulation = pd.DataFrame([task.result() for task in weekly_tasks])
        trends = pd.DataFrame([task.result() for task in trend_tasks])
        return simulation, trends, pd.DataFrame([row for task in tasks if (row := task.result()) is not None])


def write(simulation: pd.DataFrame, trends: pd.DataFrame, results: pd.DataFrame) -> None:
    """The figures the package carries, the document's tables and its picture."""
    results.to_csv(ROOT / "surveillance" / "evaluated.csv", index=False, float_format="%.6g", lineterminator="\n")
    ranked = rank_detectors(results)
    tables = {
        "protocol": protocol_table(simulation),
        "equal rate": equal_table(simulation),
        "trend": trend_table(trends),
        "real series": real_table(ranked),
    }
    put(ROOT / "docs" / "evaluation.md", tables)
    picture(simulation, ranked).save(str(ROOT / "docs" / "evaluation.svg"))
    for table in tables.values():
        print(table, end="\n\n")


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    began = time.perf_counter()
    write(*studied(data))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
