"""What else says so, and who drives a signal, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dashboard import sentences
from dashboard.text import N_, Text
from surveillance.corroboration import Cell, Stand, summary
from surveillance.dossier import Dossier

STANDS = {
    "signal": N_("this signal"),
    "agrees": N_("agrees"),
    "disagrees": N_("disagrees"),
    "silent": N_("silent"),
    "blind": N_("blind"),
}


def title(t: Text, found: Dossier) -> str:
    """How many streams agree, disagree, are silent or blind."""
    counts = summary(found.cells)
    said = speaking(t, counts) if counts["agrees"] or counts["disagrees"] else t("nothing yet")
    rest = t("{silent} silent, {blind} blind", silent=counts["silent"], blind=counts["blind"])
    return t("What else says so: {said}; {rest}", said=said, rest=rest)


def speaking(t: Text, counts: Mapping[Stand, int]) -> str:
    """How many streams agree and disagree."""
    agree = t.n("{n} agrees", "{n} agree", counts.get("agrees", 0))
    return f"{agree}, {t.n('{n} disagrees', '{n} disagree', counts.get('disagrees', 0))}"


def cell(t: Text, one: Cell) -> tuple[str, str]:
    """A cell of the matrix: its word, and which series when."""
    word = t(STANDS[one.stand])
    if one.stand in ("signal", "blind"):
        return word, ""
    return word, f"{place(t, one)}, {lag(t, one.lag)}"


def place(t: Text, one: Cell) -> str:
    """Where a cell's series is measured, with its substance where it has one."""
    return sentences.series_name(t, one.geography, one.substance)


def lag(t: Text, months: int) -> str:
    if months == 0:
        return t("same month")
    if months < 0:
        return t.n("{n} month earlier", "{n} months earlier", -months)
    return t.n("{n} month later", "{n} months later", months)


def drivers_title(t: Text, found: Dossier) -> str:
    """Where the signal stands among the places of its kind."""
    assert found.contributions is not None
    assert found.facts is not None
    places = found.contributions.places
    what = t("{unit} above or below expected", unit=t.unit(found.indicator.id))
    if len(places) < 2:
        return t("Who drives it: no other place can be set beside it")
    return t("Who drives it: {what}, {month}", what=what, month=t.month(found.facts.period))


def drivers_sum(t: Text, found: Dossier) -> str:
    """The places' sum where they may be added; why not where they may not."""
    assert found.contributions is not None
    made = found.contributions
    if len(made.places) < 2:
        return ""
    if np.isnan(made.total):
        return t("Rates of different places are not added.")
    return t("All {n} judged places together: {value}.", n=len(made.places), value=signed(t, made.total))


def signed(t: Text, value: float) -> str:
    """A difference with its sign, and no more digits than a published figure."""
    return f"{'+' if value >= 0 else '−'}{sentences.value(t, abs(value))}"
