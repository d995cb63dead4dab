"""What a Trends page shows besides its series, from its address and back: layers, sums, measure, stream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args

from dashboard.text import N_
from data_sources.indicators import Kind
from surveillance.measures import By, Measure

LAYERS = {
    "band": N_("Expected range"),
    "alarms": N_("Alarms"),
    "trend": N_("Trend"),
    "parts": N_("Trend, season, remainder"),
    "nowcast": N_("Nowcast"),
    "forecast": N_("Forecast"),
    "events": N_("Dated events"),
    "vintages": N_("Earlier vintages"),
    "log": N_("Logarithmic axis"),
    "all": N_("Whole history"),
}
USUAL = ("band", "alarms", "trend")
ALWAYS = ("band", "alarms")  # shown unless the address says no: links made before it could still hold
BY: dict[By, str] = {"month": N_("By month"), "quarter": N_("By quarter"), "year": N_("By year")}
MEASURES: dict[Measure, str] = {
    "published": N_("As published"),
    "rate": N_("Per 100,000"),
    "share": N_("Share of the country"),
    "base100": N_("Base = 100"),
}
STREAMS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class State:
    """The page's own state."""

    layers: tuple[str, ...] = USUAL
    by: By = "month"
    measure: Measure = "published"
    stream: Kind | None = None

    @property
    def plain(self) -> bool:
        """Whether the series is read as published, so that verdicts, ranges and nowcasts hold."""
        return self.by == "month" and self.measure == "published"

    def has(self, layer: str) -> bool:
        return layer in self.layers


def parse(view: str | None) -> State:
    """The state of an address' `view`; what it does not know is passed over."""
    said = (view or "").split(".")
    known = {"none", *LAYERS, *BY, *MEASURES, *STREAMS, *(f"no{name}" for name in ALWAYS)}
    if not known & set(said):
        return State()
    only_stream = not set(said) - set(STREAMS)
    layers = [name for name in LAYERS if name in said or (name in ALWAYS and f"no{name}" not in said)]
    return State(
        layers=USUAL if only_stream else tuple(layers),
        by=next((by for by in get_args(By) if by in said), "month"),
        measure=next((name for name in get_args(Measure) if name in said), "published"),
        stream=next((kind for kind in STREAMS if kind in said), None),
    )


def view(state: State) -> str | None:
    """The address' `view` of a state; None for the usual one."""
    if state == State():
        return None
    if state.stream and state == State(stream=state.stream):
        return state.stream
    parts = [name for name in state.layers if name not in ALWAYS]
    parts += [f"no{name}" for name in ALWAYS if name not in state.layers]
    parts += [part for part, usual in ((state.by, "month"), (state.measure, "published")) if part != usual]
    parts += [state.stream] if state.stream else []
    return ".".join(parts) if set(parts) - set(STREAMS) else ".".join(["none", *parts])


def allowed(state: State, by: tuple[By, ...], measures: tuple[Measure, ...]) -> State:
    """The state with what the series does not allow put back to as published."""
    return replace(
        state,
        by=state.by if state.by in by else "month",
        measure=state.measure if state.measure in measures else "published",
    )
