"""State boundaries of both countries (see NOTICE.txt) as features, and one equal-area projection for all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import cos, radians, sin, sqrt
from typing import Any

FILE = "binational_states.topo.json"
ROTATED, PARALLELS, CENTRE = 102.0, (24.0, 40.0), 32.0  # degrees: meridian, standard parallels, latitude
Point = tuple[float, float]


@cache
def states() -> dict[str, dict[str, Any]]:
    """Per code (ISO 3166-2) the state's GeoJSON geometry, in degrees to two decimals."""
    with files("dashboard.geo").joinpath(FILE).open(encoding="utf-8") as file:
        topology = json.load(file)
    arcs = _arcs(topology)
    return {
        shape["id"]: {"type": shape["type"], "coordinates": _stitched(shape["arcs"], arcs)}
        for shape in topology["objects"]["states"]["geometries"]
    }


def _arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs in degrees; in the file they are steps on a grid."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    found = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for step in arc:
            x, y = x + step[0], y + step[1]
            line.append((round(x * sx + tx, 2), round(y * sy + ty, 2)))
        found.append(line)
    return found


def _stitched(indices: Sequence[Any], arcs: list[list[Point]]) -> list[Any]:
    """Rings of arcs, however deeply nested; a negative index is that arc backwards."""
    if not isinstance(indices[0], int):
        return [_stitched(part, arcs) for part in indices]
    ring: list[Point] = []
    for index in indices:
        line = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring += line[1:] if ring else line
    return [list(point) for point in ring]


def points(geometry: dict[str, Any]) -> Iterator[Point]:
    """Every corner of a geometry, in degrees."""
    for ring in _rings(geometry):
        yield from ((x, y) for x, y in ring)


def _rings(geometry: dict[str, Any]) -> list[Any]:
    if geometry["type"] == "Polygon":
        return list(geometry["coordinates"])
    return [ring for polygon in geometry["coordinates"] for ring in polygon]


def middle(geometry: dict[str, Any]) -> Point:
    """The centroid of a geometry's largest ring, in degrees: where a label may stand."""

    def moments(ring: list[Point]) -> tuple[float, float, float]:
        pairs = list(pairwise(ring))
        cross = [x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs]
        area = sum(cross) / 2
        x = sum((x0 + x1) * c for ((x0, _), (x1, _)), c in zip(pairs, cross, strict=True)) / 6
        y = sum((y0 + y1) * c for ((_, y0), (_, y1)), c in zip(pairs, cross, strict=True)) / 6
        return area, x, y

    area, x, y = max((moments(ring) for ring in _rings(geometry)), key=lambda found: abs(found[0]))
    return round(x / area, 2), round(y / area, 2)


def projected(point: Point) -> Point:
    """A place in degrees on the map plane, y upwards, in units of the Earth's radius; as Vega draws it.

    Albers' conic equal-area projection: n = (sin φ₁ + sin φ₂) / 2, c = 1 + sin φ₁ (2 n − sin φ₁),
    r = √(c − 2 n sin φ) / n, x = r sin nλ, y = √c / n − r cos nλ. Snyder JP (1987). Map projections: a working
    manual, p. 98. doi:10.3133/pp1395.
    """
    longitude, latitude = radians(point[0] + ROTATED), radians(point[1])
    first, second = (sin(radians(parallel)) for parallel in PARALLELS)
    n = (first + second) / 2
    c = 1 + first * (2 * n - first)
    r = sqrt(c - 2 * n * sin(latitude)) / n
    return r * sin(n * longitude), sqrt(c) / n - r * cos(n * longitude)


def box(places: Iterable[Point]) -> tuple[float, float, float, float]:
    """The least and greatest x and y on the map plane of places in degrees: left, bottom, right, top."""
    found = [projected(place) for place in places]
    xs, ys = [x for x, _ in found], [y for _, y in found]
    return min(xs), min(ys), max(xs), max(ys)
