"""The border: its ten states, who lies across the line from whom, and where CBP's areas are drawn."""

from __future__ import annotations

US_BORDER = ("US-CA", "US-AZ", "US-NM", "US-TX")
MX_BORDER = ("MX-BCN", "MX-SON", "MX-CHH", "MX-COA", "MX-NLE", "MX-TAM")
BORDER = (*US_BORDER, *MX_BORDER)

# States with a common stretch of the line.
ACROSS = {
    "US-CA": ("MX-BCN",),
    "US-AZ": ("MX-SON", "MX-BCN"),
    "US-NM": ("MX-CHH", "MX-SON"),
    "US-TX": ("MX-CHH", "MX-COA", "MX-NLE", "MX-TAM"),
    "MX-BCN": ("US-CA", "US-AZ"),
    "MX-SON": ("US-AZ", "US-NM"),
    "MX-CHH": ("US-TX", "US-NM"),
    "MX-COA": ("US-TX",),
    "MX-NLE": ("US-TX",),
    "MX-TAM": ("US-TX",),
}

# CBP's areas at the southwest border: longitude and latitude of the drawn point (a sector's headquarters town, a
# field office's largest crossing; a little inland where both would be one), and the Mexican states opposite.
AREAS: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "US-CBP-san-diego-field-office": (-117.03, 32.54, ("US-CA", "MX-BCN")),
    "US-CBP-tucson-field-office": (-110.94, 31.33, ("US-AZ", "MX-SON")),
    "US-CBP-el-paso-field-office": (-106.45, 31.75, ("US-TX", "US-NM", "MX-CHH")),
    "US-CBP-laredo-field-office": (-99.51, 27.50, ("US-TX", "MX-COA", "MX-NLE", "MX-TAM")),
    "US-CBP-san-diego-sector": (-116.70, 33.05, ("US-CA", "MX-BCN")),
    "US-CBP-el-centro-sector": (-115.56, 32.79, ("US-CA", "MX-BCN")),
    "US-CBP-yuma-sector": (-114.40, 32.69, ("US-AZ", "US-CA", "MX-BCN", "MX-SON")),
    "US-CBP-tucson-sector": (-110.97, 32.22, ("US-AZ", "MX-SON")),
    "US-CBP-el-paso-sector": (-106.20, 32.25, ("US-TX", "US-NM", "MX-CHH")),
    "US-CBP-big-bend-sector": (-104.02, 30.31, ("US-TX", "MX-CHH", "MX-COA")),
    "US-CBP-del-rio-sector": (-100.90, 29.36, ("US-TX", "MX-COA")),
    "US-CBP-laredo-sector": (-99.25, 27.95, ("US-TX", "MX-TAM", "MX-NLE", "MX-COA")),
    "US-CBP-rio-grande-valley-sector": (-98.16, 26.30, ("US-TX", "MX-TAM")),
}

# Where a state's name stands: inside it, or beside it over water.
LABELS = {
    "US-CA": (-120.3, 36.9), "US-AZ": (-111.8, 34.6), "US-NM": (-106.1, 34.6), "US-TX": (-98.9, 31.6),
    "MX-BCN": (-117.7, 30.3), "MX-SON": (-110.9, 29.7), "MX-CHH": (-106.5, 28.5), "MX-COA": (-102.2, 27.2),
    "MX-NLE": (-99.95, 25.2), "MX-TAM": (-96.3, 24.6),
    "US-NY": (-68.6, 38.6),
}  # fmt: skip


def areas_of(state: str) -> list[str]:
    """The CBP areas that hold or face a state, field offices first."""
    return [area for area, (_, _, states) in AREAS.items() if state in states]
