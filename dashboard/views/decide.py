"""The decision on one signal: the form, and the log of what was decided before."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import identity
from dashboard.filters import Selection
from dashboard.text import Text


def part(t: Text, selection: Selection, series_row: pd.Series) -> None:
    """The decision form and the decision log of one signal, a row of `assessment.signals`."""
    person = identity.present()
    name = identity.shown(t, person.name, verified=person.verified)
    st.markdown(f":small[:gray[{t('You sign as {name}.', name=name)}]]")
