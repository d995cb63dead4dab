"""How near nowcasts of incomplete periods come: simulated delay, real monthly vintages, national first prints.

    python bench/nowcast.py [DATA]

DATA is the folder of published files (default: ../shared/data); without it the simulation and the embedded first
prints alone. Prints the tables of docs/methods_delay.md; seeded, two to three minutes of one core. WIS / naive
below 1: nearer than the figure as it stands; WIS / factor below 1: nearer than that figure times one factor a lag.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data_sources.indicators import PACK
from data_sources.ingest import import_file, open_store
from data_sources.registry import SOURCES
from data_sources.store import Store
from surveillance.nowcast_evaluation import score_nowcasts, simulate_vintages, summary

ROOT = Path(__file__).resolve().parents[1]
MEXICO = "mx/sesnsp/narcomenudeo_state_month_vintages_2023-08_2024-12.csv"
VSRR, VSRR_DAYS = "us_cdc_overdose_deaths", ("2019-04-24", "2019-10-15", "2025-07-16")
NATIONAL = ("us_overdose_deaths_12m", "us_overdose_deaths_12m_predicted")
SEEDS, SKIP = (1, 2, 3), 14
SETTINGS: dict[str, dict[str, float]] = {
    "never corrected": {"correction": 0.0},
    "1 % of months corrected down": {},
    "5 % corrected down": {"correction": 0.05},
    "delay grows": {"drift": -0.2},
    "delay shrinks": {"drift": 0.2},
}
SIZES = ["small (2 to 13 a month)", "middle (15 to 197)", "large (226 to 1,500)"]


STATES = ["below 50", "50 to 250", "above 250"]


def simulated(**setting: float) -> pd.DataFrame:
    """Scored nowcasts of three simulations of 50 places."""
    shrink = setting.pop("shrink", 30.0)
    parts = [
        score_nowcasts(simulate_vintages(seed=seed, **setting), "MS", max_lag=12, skip=SKIP, shrink=shrink)
        for seed in SEEDS
    ]
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(size=pd.cut(rows["series"], [-1, 14, 34, 49], labels=SIZES).astype(str))


def sureness(rows: pd.DataFrame) -> pd.DataFrame:
    """Of incomplete periods, how often the final figure lay above the limit, by what was said of it then."""
    said = np.select([rows["above"] >= 0.95, rows["above"] >= 0.8], ["confirmed", "probable"], "open")
    came = (rows["final"] > rows["limit"]).groupby(said).agg(["size", "mean"])
    shown = rows["above"].groupby(said).mean()
    late = (rows["observed"] <= rows["limit"]).groupby(said).mean()
    table = pd.DataFrame(
        {
            "periods": came["size"],
            "mean probability": shown,
            "ended above": came["mean"],
            "not yet above": late,
        }
    )
    return table.loc[["confirmed", "probable", "open"]]


def mexico(data: Path) -> dict[date, pd.DataFrame]:
    """Ten vintages of 32 states' drug-dealing case files."""
    table = pd.read_csv(data / MEXICO, parse_dates=["month"])
    return {
        date.fromisoformat(day): table.pivot(index="month", columns="Clave_Ent", values=day).dropna(how="all")
        for day in table.columns[2:]
    }


def first_prints(store: Store) -> pd.DataFrame:
    """National 12-month sums as first printed, with the newest figure at least 150 days younger: one row each."""
    parts = [
        store.vintage(source, indicator, day)
        for indicator in NATIONAL
        for source in (PACK, VSRR)
        for day in store.vintages(source, indicator)
    ]
    rows = pd.concat(parts).query("geography == 'US' and status == 'reported'").sort_values(["as_of", "period"])
    key = ["indicator", "substance"]
    first = rows.groupby([*key, "as_of"]).tail(1).drop_duplicates([*key, "period"])
    pairs = first.merge(rows[[*key, "period", "as_of", "value"]], on=[*key, "period"], suffixes=("", "_later"))
    pairs = pairs[pairs["as_of_later"] > pairs["as_of"] + pd.Timedelta(days=150)]
    return pairs.groupby([*key, "period"]).tail(1)[[*key, "as_of", "period", "value", "as_of_later", "value_later"]]


def as_vintages(prints: pd.DataFrame) -> dict[date, pd.DataFrame]:
    """First prints as a triangle of two lags: the n-th release in the place of month n, later figures one month on.

    The later figures are in truth known long after the next release: the nowcast and the factor both know too much.
    """
    day = sorted(prints["as_of"].unique())
    months = pd.date_range("2000-01-01", periods=len(day) + 1, freq="MS", name="period")
    table = {
        column: prints.pivot(index="as_of", columns="substance", values=column).reindex(day)
        for column in ("value", "value_later")
    }
    made = {}
    for step in range(len(day) + 1):
        later = table["value_later"].iloc[:step]
        now = table["value"].iloc[step : step + 1]
        frame = pd.concat([later, now])
        made[months[step].date()] = frame.set_axis(months[: len(frame)])
    return made


def national(store: Store) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Per indicator: name, first prints, scores."""
    prints = first_prints(store)
    for indicator in NATIONAL:
        own = prints[prints["indicator"] == indicator]
        yield indicator, own, score_nowcasts(as_vintages(own), "MS", max_lag=1, skip=2)


def show(title: str, table: pd.DataFrame, first: str) -> None:
    """A table of markdown, percentages to one decimal and ratios to three."""
    print(f"\n{title}\n\n| {first} | {' | '.join(table.columns)} |")
    print("|---|" + "---|" * len(table.columns))
    for name, row in table.iterrows():
        cells = []
        for column, value in row.items():
            word = str(column)
            whole = word in ("nowcasts", "periods")
            cells.append(
                f"{value:,.0f}" if whole else "–" if pd.isna(value) else f"{value:.{2 if '%' in word else 3}f}"
            )
        print(f"| {name} | {' | '.join(cells)} |")


def main(data: Path) -> None:
    """Print every table."""
    scored = {name: simulated(**setting) for name, setting in SETTINGS.items()}
    show(
        "Simulated", pd.concat({name: summary(rows).iloc[0] for name, rows in scored.items()}, axis=1).T, "setting"
    )
    usual = scored["1 % of months corrected down"]
    show("By size of place", summary(usual, "size").loc[SIZES], "place")
    none = summary(scored["never corrected"], "size").loc[SIZES]
    show("By size of place, never corrected", none, "place")
    show("By lag", summary(usual, "lag"), "lag")
    shrinkage = {
        f"m = {m:g}": summary(simulated(shrink=m).query("size == @SIZES[0]")).iloc[0]
        for m in (0.0, 10.0, 30.0, 100.0)
    }
    show("Small places by weight of the pool", pd.concat(shrinkage, axis=1).T, "weight")
    for name in ("1 % of months corrected down", "5 % corrected down"):
        show(f"Said of a limit at the place's mean: {name}", sureness(scored[name]), "said")
    store = open_store(Path(tempfile.mkdtemp()))
    if data.exists():
        rows = score_nowcasts(mexico(data), "MS", max_lag=6, skip=2)
        changed = (rows["final"] != rows["observed"]).groupby(rows["lag"]).mean()
        show("Mexico", summary(rows, "lag").assign(changed=changed), "lag")
        show("Mexico, all lags", summary(rows), "")
        level = rows.groupby("series")["final"].transform("mean")
        grown = rows.assign(size=pd.cut(level, [-1, 50, 250, 1e6], labels=STATES).astype(str))
        show("Mexico by size", summary(grown, "size").loc[STATES], "case files a month")
        for day in VSRR_DAYS:
            path = data / f"us/vsrr/vsrr_full_{day}.csv.gz"
            import_file(store, SOURCES[VSRR], path, None, now=datetime.now(UTC))
    for indicator, prints, rows in national(store):
        share = 100 * prints["value"] / prints["value_later"]
        print(f"\n{indicator}: {len(prints)} first prints, {share.min():.1f} to {share.max():.1f} % of later")
        whole = prints.assign(share=share).query("substance == 'all'")
        for row in whole.itertuples():
            figures = f"{row.value:,.0f}, later {row.value_later:,.0f}: {row.share:.1f} %"
            print(f"  {row.as_of:%Y-%m} on {row.period:%Y-%m}: {figures}")
        show(f"First prints, {indicator}", summary(rows), "")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data")
