"""Does one series lead another? Prewhitened cross-correlations with bounds that hold for all lags at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LAGS = 12  # months either way
MOST_ORDER = 6  # autoregressive terms that may be taken
FEWEST = 60  # months in common, below which two halves cannot be judged
PERMUTATIONS = 1999
SEED = 20260101  # one fixed draw, so that the same data give the same bounds
ONE_SIDED = 1.6448536269514722  # of the normal distribution, at 0.95
Verdict = Literal["lead", "none", "one_half", "too_little_history", "no_variation"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LeadLag:
    """What the cross-correlations say.

    `table`: per lag −12 … 12 (positive: the first series comes first) `correlation`, and `first` and `second`, the
    same in each half; `bound`: no lag's correlation is expected beyond ± it by chance, at the level asked for;
    `order` of the filter; `months` compared, from `start` to `end`. `verdict`: `lead` (at `lag` months, with
    `correlation`), `none`, `one_half` (beyond the bound, but not in both halves), or why it cannot be judged.
    """

    verdict: Verdict
    table: pd.DataFrame
    bound: float = float("nan")
    order: int = 0
    months: int = 0
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    lag: int | None = None
    correlation: float = float("nan")


def lead_lag(
    first: pd.Series, second: pd.Series, *, comparisons: int = 1, level: float = 0.95,
    permutations: int = PERMUTATIONS, seed: int = SEED,
) -> LeadLag:  # fmt: skip
    """Whether *first* leads *second* (monthly, by period; counts or weights, not sums of twelve months).

    Box and Jenkins' prewhitening. Both series: log(1 + y), first differences, less each calendar month's mean
    (so that shared trend and season are no relation). An autoregression of order p ≤ 6, by Akaike's criterion, is
    fitted to *first*; its filter 1 − φ₁B − … − φₚBᵖ makes a (near white) of *first* and b of *second*. Then

        r(k) = Σₜ (a[t] − ā)(b[t+k] − b̄) / √(Σ (a − ā)² Σ (b − b̄)²),  k = −12 … 12.

    Under no relation a white a may be reordered at will: the bound is the *level* quantile of max over k of |r(k)|
    among *permutations* reorderings of a (fixed *seed*), each less its calendar months' means as a is, at
    1 − (1 − level) / *comparisons* where several pairs are looked at. A lead at k ≥ 1 is claimed only where |r(k)|
    is beyond the bound, the largest of all such, and in each half of the months r(k) has the same sign and is
    beyond 1.645/√n of that half; else `one_half` or `none`.

    Only the newest run of months that both have is used; under 60 of them the verdict is `too_little_history`,
    with a constant series `no_variation`; the table is empty then. A correlation that leads is no cause.

    Raises ValueError for a level outside (0, 1), fewer than 1 comparison, or an index that is not of months.

    Box GEP, Jenkins GM (1976). Time series analysis: forecasting and control, ch. 11. Dean RT, Dunsmuir WTM (2016).
    Dangers and uses of cross-correlation in analyzing time series. Behav Res Methods 48:783–802.
    doi:10.3758/s13428-015-0611-2. Westfall PH, Young SS (1993). Resampling-based multiple testing (the maximum).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level!r}")
    if comparisons < 1:
        raise ValueError(f"comparisons must be at least 1, not {comparisons!r}")
    pair = _common(first, second)
    nothing = pd.DataFrame(columns=["lag", "correlation", "first", "second"])
    if len(pair) < FEWEST:
        return LeadLag("too_little_history", nothing, months=len(pair))
    stationary = _stationary(pair)
    if not (stationary.std() > 1e-9).all():
        return LeadLag("no_variation", nothing, months=len(pair))
    a, b, months, order = _prewhitened(stationary)
    r = correlations(a, b)
    bound = _bound(a, b, months, 1 - (1 - level) / comparisons, permutations, seed)
    half = len(a) // 2
    halves = [correlations(a[part], b[part]) for part in (slice(0, half), slice(half, None))]
    lags = np.arange(-LAGS, LAGS + 1)
    table = pd.DataFrame({"lag": lags, "correlation": r, "first": halves[0], "second": halves[1]})
    verdict, lag = _verdict(r, halves, bound, (half, len(a) - half))
    return LeadLag(
        verdict, table, bound, order, len(pair), pair.index[0], pair.index[-1], lag,
        float("nan") if lag is None else float(r[lag + LAGS]),
    )  # fmt: skip


def correlations(a: Floats, b: Floats) -> Floats:
    """r(k) for k = −12 … 12, of two equally long series; positive k: a comes first. 0 for a constant series."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    full = np.correlate(b, a, mode="full")  # at position n − 1 + k: Σ a[t] b[t+k]
    return full[len(a) - 1 - LAGS : len(a) + LAGS] / size if size > 0 else np.zeros(2 * LAGS + 1)


def _common(first: pd.Series, second: pd.Series) -> pd.DataFrame:
    """The newest run of months in which both have a value."""
    both = pd.DataFrame({"first": first, "second": second}).sort_index()
    if both.empty:
        return both
    if not isinstance(both.index, pd.DatetimeIndex) or (both.index.day != 1).any():
        raise ValueError("both series must be monthly, by the first day of the month")
    both = both.reindex(pd.date_range(both.index[0], both.index[-1], freq="MS"))
    held = both.notna().all(axis=1)
    if not held.any():
        return both.iloc[:0]
    both = both.loc[: held[held].index[-1]]
    gaps = both.index[both.isna().any(axis=1)]
    return both if gaps.empty else both.loc[gaps[-1] :].iloc[1:]


def _stationary(pair: pd.DataFrame) -> pd.DataFrame:
    steps = np.log1p(pair).diff().iloc[1:]
    return steps - steps.groupby(steps.index.month).transform("mean")


def _prewhitened(pair: pd.DataFrame) -> tuple[Floats, Floats, NDArray[np.intp], int]:
    """Both series through the autoregressive filter of the first, the calendar months left, and its order."""
    x, y = (pair[name].to_numpy(dtype=float) for name in ("first", "second"))
    order, weights = autoregression(x)
    whiten = np.r_[1.0, -weights]
    months = pair.index.month[order:].to_numpy()
    return np.convolve(x, whiten, mode="valid"), np.convolve(y, whiten, mode="valid"), months, order


def autoregression(x: Floats) -> tuple[int, Floats]:
    """The order 0 … 6 with the least n log(RSS / n) + 2 p, and its least-squares weights φ; x has mean 0.

    All orders are compared on the same months (without the first six); the weights are then of all months.
    """
    lagged = np.column_stack([x[MOST_ORDER - k : len(x) - k] for k in range(1, MOST_ORDER + 1)])
    target = x[MOST_ORDER:]
    criteria = []
    for order in range(MOST_ORDER + 1):
        weights = np.linalg.lstsq(lagged[:, :order], target, rcond=None)[0]
        left = target - lagged[:, :order] @ weights
        criteria.append(len(target) * np.log(left @ left / len(target)) + 2 * order)
    order = int(np.argmin(criteria))
    if order == 0:
        return 0, np.empty(0)
    whole = np.column_stack([x[order - k : len(x) - k] for k in range(1, order + 1)])
    weights = np.linalg.lstsq(whole, x[order:], rcond=None)[0]
    return order, np.asarray(weights, dtype=np.float64)


def _bound(a: Floats, b: Floats, months: NDArray[np.intp], level: float, permutations: int, seed: int) -> float:
    """The *level* quantile of max |r(k)| over reorderings of a, each less its calendar months' means, as a is."""
    b, n = b - b.mean(), len(a)
    moved = np.zeros((n, 2 * LAGS + 1))
    for column, k in enumerate(range(-LAGS, LAGS + 1)):
        moved[max(0, -k) : n - max(0, k), column] = b[max(0, k) : n - max(0, -k)]
    orders = np.random.default_rng(seed).permuted(np.tile(a, (permutations, 1)), axis=1)
    same = (months[:, None] == months[None, :]).astype(float)
    orders = orders - orders @ (same / same.sum(axis=0))
    sizes = np.sqrt(np.square(orders).sum(axis=1) * (b @ b))
    return float(np.quantile(np.abs(orders @ moved).max(axis=1) / sizes, level, method="higher"))


def _verdict(r: Floats, halves: list[Floats], bound: float, sizes: tuple[int, int]) -> tuple[Verdict, int | None]:
    leads = [lag for lag in range(1, LAGS + 1) if abs(r[lag + LAGS]) > bound]
    if not leads:
        return "none", None
    lag = max(leads, key=lambda k: abs(r[k + LAGS]))
    sign = np.sign(r[lag + LAGS])
    both = all(
        sign * part[lag + LAGS] > ONE_SIDED / np.sqrt(size) for part, size in zip(halves, sizes, strict=True)
    )
    return ("lead", lag) if both else ("one_half", lag)
