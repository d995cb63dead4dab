"""The panel's own work, from the application's log: signals triaged, days to a decision, bulletins on time."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pandas as pd

ON_TIME_DAYS = 7  # a bulletin is on time up to so many days after its week's Sunday


def panel_at_work(decisions: pd.DataFrame | None, bulletins: pd.DataFrame | None, as_of: date) -> dict[str, float]:
    """What the log says on *as_of*: signals, decided, median_days; bulletins, on_time.

    `median_days`: the median of decided − first_seen in whole days over decided signals, NaN where none is. A
    decision after *as_of* has not been made yet.
    """
    nothing = {"signals": 0.0, "decided": 0.0, "median_days": float("nan")}
    counted = bulletins_in_both(bulletins, as_of)
    rest = {name: counted[name] for name in ("bulletins", "on_time")}
    if decisions is None or decisions.empty:
        return nothing | rest
    seen, decided = _days(decisions["first_seen"]), _days(decisions["decided"])
    day = pd.Timestamp(as_of)
    known = seen <= day
    made = decided.where(decided <= day)[known]
    waited = (made - seen[known]).dt.days.dropna()
    median = float(waited.median()) if len(waited) else float("nan")
    return {"signals": float(known.sum()), "decided": float(made.notna().sum()), "median_days": median} | rest


def bulletins_in_both(bulletins: pd.DataFrame | None, as_of: date) -> dict[str, float]:
    """How many bulletins were published up to *as_of*, how many in both languages, and how many on time."""
    if bulletins is None or bulletins.empty:
        return {"bulletins": 0.0, "in_both": 0.0, "on_time": 0.0}
    published = _days(bulletins["published"])
    known = published <= pd.Timestamp(as_of)
    due = bulletins["week"].map(_sunday) + pd.Timedelta(days=ON_TIME_DAYS)
    spoken = bulletins["languages"].map(_languages)
    return {
        "bulletins": float(known.sum()),
        "in_both": float((known & spoken.map({"en", "es"}.issubset)).sum()),
        "on_time": float((known & (published <= due)).sum()),
    }


def _days(column: pd.Series) -> pd.Series:
    """Instants and dates as days, without a time zone."""
    return pd.to_datetime(column, utc=True).dt.tz_localize(None).dt.normalize()


def _sunday(week: object) -> pd.Timestamp:
    """The last day of an ISO week, written 2026-W47."""
    found = re.fullmatch(r"(\d{4})-W(\d{2})", str(week))
    if not found:
        raise ValueError(f"an ISO week as 2026-W47 is needed, not {week!r}")
    return pd.Timestamp(date.fromisocalendar(int(found[1]), int(found[2]), 1) + timedelta(days=6))


def _languages(said: object) -> set[str]:
    return set(re.findall(r"[a-z]{2}", said)) if isinstance(said, str) else set(said)  # type: ignore[call-overload]
