"""The alarm budget, the one gate: how many false signals a quarter are accepted sets every detector's alpha."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from surveillance.judging import Judgements
from surveillance.watch import Plan

JUDGEMENTS_A_QUARTER = {"W": 13, "MS": 3}
SMALLEST, LARGEST = 1e-6, 0.1
_STEPS = 14  # halvings of log alpha: a relative precision below 0.1 %


def expected_false(newest: Sequence[Judgements], alpha: float, inflation: Mapping[str, float]) -> float:
    """The false signals of a quarter: Σ p (1 − p) over its judgements, p = P(Y > U) under each one's baseline.

    A signal is a run of alarms; of two alarms in a row the second opens none, hence 1 − p. The attained rates
    of discrete counts lie below alpha in steps, so what is summed is what is attained, over the panel as a
    whole. Series that cannot be judged add nothing. *newest* holds the newest judgement of each series.
    """
    total = 0.0
    for judgements in newest:
        indicator = judgements.wide.indicator
        attained = judgements.answers(alpha, inflation.get(indicator.id, 1.0))[0]["false_alarm_"]
        chance = attained[judgements.wide.judge.to_numpy()[-len(attained) :]]
        total += JUDGEMENTS_A_QUARTER[indicator.frequency] * float(np.nansum(chance * (1 - chance)))
    return total


def spend(
    budget: float, newest: Sequence[Judgements], inflation: Mapping[str, float] | None = None
) -> tuple[float, float]:
    """The largest alpha whose expected false signals a quarter stay within the *budget*, and that number.

    Bisection on log alpha between 1e-6 and 0.1; where even 0.1 stays within, it is 0.1.
    """
    factors = inflation or {}
    if (most := expected_false(newest, LARGEST, factors)) <= budget:
        return LARGEST, most
    low, high, spent = np.log(SMALLEST), np.log(LARGEST), 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        expected = expected_false(newest, float(np.exp(middle)), factors)
        if expected <= budget:
            low, spent = middle, expected
        else:
            high = middle
    return float(np.exp(low)), spent


def gate(plan: Plan, newest: Sequence[Judgements], inflation: Mapping[str, float]) -> tuple[float, float]:
    """The alpha of a plan, from its budget or as it is fixed, and the false signals a quarter that follow."""
    if plan.fixed_alpha is None:
        return spend(plan.budget, newest, inflation)
    return plan.fixed_alpha, expected_false(newest, plan.fixed_alpha, inflation)
