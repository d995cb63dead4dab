"""What is not known of a signal, what would change our mind, and the next step: one sentence each."""

from __future__ import annotations

from dashboard import artefact_words, corroboration_words, sentences
from dashboard.text import N_, Text
from surveillance.dossier import Dossier, Unknown

_STEPS = {
    "ask_source": N_("Next step: ask the publisher about “{test}” before anything else is read into this figure."),
    "watch": N_("Next step: watch. Most of the other settings do not raise it."),
    "both_countries": N_("Next step: review together, since a stream agrees; both countries decide."),
    "review": N_("Next step: review. Nothing else speaks for it or against it yet."),
    "none": N_("Next step: none. The signal is not open as known on {day}."),
}


def unknowns(t: Text, found: Dossier) -> list[str]:
    """What we do not know, and what would change our mind: one sentence each."""
    return [_unknown(t, found, each) for each in found.unknowns]


def _unknown(t: Text, found: Dossier, one: Unknown) -> str:
    numbers = {name: sentences.value(t, number) for name, number in one.numbers.items()}
    if one.code == "closes":
        if found.status == "inside":
            return t("A revision above {upper} would make it a signal (reported {observed}).", **numbers)
        return t(
            "A revision to {upper} or less would close it (reported {observed}); another month above its line "
            "would strengthen it.", **numbers,
        )  # fmt: skip
    if one.code == "agrees":
        assert one.cell is not None
        assert one.cell.period is not None
        return t(
            "{measure} in {place} above {above} in {month} would speak for it (reported {observed}).",
            measure=t.indicator(one.cell.indicator), place=corroboration_words.place(t, one.cell),
            month=t.month(one.cell.period), **numbers,
        )  # fmt: skip
    if one.code == "late":
        return t(
            "What happened after {month}: the source is late, the newest figure is {age}.",
            month=t.month(one.period), age=sentences.age(t, one.numbers["age_days"]),
        )  # fmt: skip
    if one.code == "provisional":
        return t("Whether {observed} is final: the publisher may still revise it.", **numbers)
    if one.code == "method_break":
        return t(
            "Whether the method of {month} counts more than the one before. A month counted under both would "
            "settle it.",
            month=t.month(one.period),
        )  # fmt: skip
    if one.code == "blind":
        names = "; ".join(_blind(t, name) for name in one.names)
        return t("What these streams would say, which have no series here: {names}.", names=names)
    names = ", ".join(sentences.lowered(t(artefact_words.CHECKS[name])) for name in one.names)
    return t("What these tests would find, which could not be made: {names}.", names=names)


def _blind(t: Text, name: str) -> str:
    stream, _, side = name.partition(".")
    return f"{sentences.lowered(t.stream(stream))} {t.country(side)}"


def step(t: Text, found: Dossier) -> str:
    """The next step in one sentence."""
    if found.step == "wait":
        if found.due is None:
            return t("Next step: wait for the next release, whose date is not known.")
        if found.overdue_days:
            return t(
                "Next step: ask the publisher for the release due on {day}, {days} days overdue; then judge again.",
                day=t.date(found.due), days=t.number(found.overdue_days),
            )  # fmt: skip
        return t("Next step: judge again after the release expected on {day}.", day=t.date(found.due))
    change = found.data_change
    test = "" if change is None else artefact_words.tested(t, change).name
    day = "" if found.provenance is None else t.date(found.provenance.as_of)
    return t(_STEPS[found.step], test=test, day=day)
