"""The panel's plan: which detector with which parameters watches which indicator, and why. A file says it."""

from __future__ import annotations

from importlib.resources import files

from surveillance.plan_file import read
from surveillance.watch import Plan, Watch

__all__ = ["DEFAULT_PLAN", "MONTHLY_COUNTS", "ON_SQUARE_ROOT", "Plan", "Watch"]

PANEL_FILE = "plans/panel_default.yaml"
DEFAULT_PLAN = read(files("surveillance").joinpath(PANEL_FILE).read_text("utf-8"), name=PANEL_FILE)
MONTHLY_COUNTS = DEFAULT_PLAN["us_cbp_seizure_events"].detector
ON_SQUARE_ROOT = DEFAULT_PLAN["us_overdose_ed_rate"].detector
