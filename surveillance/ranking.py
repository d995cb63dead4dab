"""Why one signal stands above another, and which alarms a rule held back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from surveillance.assessment import Assessment

SMALLEST = 1e-6  # p-values below are drawn as this one: no tail is known so far out


def ranked(assessment: Assessment) -> pd.DataFrame:
    """The signals in their order with what that order rests on: columns surprise, share and line.

    surprise = −log₁₀ p, with p at least 1e-6; NaN where there is no p-value. share = surprise / full and
    line = −log₁₀(alpha) / full, where full is the larger of the highest surprise and twice the alarm line's: a
    bar of length `share` with a mark at `line` then fits its box. New signals come before last known ones whatever
    their bars are; ties by observed − expected.
    """
    signals = assessment.signals
    surprise = -np.log10(signals["pvalue"].astype(float).clip(lower=SMALLEST))
    at = -float(np.log10(assessment.alpha))
    full = float(np.nanmax([*surprise, 2 * at]))
    return signals.assign(surprise=surprise, share=surprise / full, line=at / full)


def held_back(assessment: Assessment) -> pd.DataFrame:
    """The newest verdicts to which the rule "too few cases for an alarm" applies, the rarest first.

    Columns of `assessment.newest` and `would`, whether the p-value is below the alarm line, so that there would be
    an alarm without the rule (NA where there is no p-value).
    """
    held = assessment.newest[assessment.newest["reason"] == "too_few_cases"]
    would = (held["pvalue"] < assessment.alpha).astype("boolean").mask(held["pvalue"].isna())
    ordered = held.assign(would=would).sort_values("pvalue", kind="stable")
    return ordered.reset_index(drop=True)
