"""The alarm budget, the one gate: how many false signals a quarter are accepted sets every detector's alpha."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surveillance.judging import newest_false_alarm
from surveillance.plan import Plan
from surveillance.series import Wide

JUDGEMENTS_A_QUARTER = {"W": 13, "MS": 3}
_SMALLEST, _LARGEST = 1e-6, 0.1
_STEPS = 14  # halvings of log alpha: a relative precision below 0.1 %


def expected_false(plan: Plan, wides: Sequence[Wide]) -> float:
    """Sum of P(Y > U) over the judgements of a quarter, each under its own series' baseline.

    The attained rates of discrete counts lie below the nominal alpha in steps, so what is summed is what is
    attained, over the panel as a whole. Series that cannot be judged add nothing.
    """
    return float(
        sum(
            JUDGEMENTS_A_QUARTER[wide.indicator.frequency]
            * np.nansum(newest_false_alarm(plan[wide.indicator.id], wide))
            for wide in wides
        )
    )


def spend(plan: Plan, wides: Sequence[Wide]) -> tuple[float, float]:
    """The largest alpha whose expected false alarms a quarter stay within the plan's budget, and that number.

    Bisection on log alpha between 1e-6 and 0.1; where even 0.1 stays within, it is 0.1.
    """
    if (most := expected_false(plan.at(_LARGEST), wides)) <= plan.budget:
        return _LARGEST, most
    low, high, spent = np.log(_SMALLEST), np.log(_LARGEST), 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        expected = expected_false(plan.at(float(np.exp(middle))), wides)
        if expected <= plan.budget:
            low, spent = middle, expected
        else:
            high = middle
    return float(np.exp(low)), spent
