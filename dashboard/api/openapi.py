"""The interface described as OpenAPI 3.1: addresses, parameters, and the columns of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from dashboard.api import snapshots
from dashboard.api.answers import ENDPOINTS, Endpoint
from dashboard.api.parameters import Parameter
from data_sources.vocabulary import STATUSES
from surveillance.assessment import STATES

TEXT: Mapping[str, Any] = {"type": "string"}
MAYBE_TEXT: Mapping[str, Any] = {"type": ["string", "null"]}
DAY: Mapping[str, Any] = {"type": "string", "format": "date"}
MAYBE_DAY: Mapping[str, Any] = {"type": ["string", "null"], "format": "date"}
NUMBER: Mapping[str, Any] = {
    "type": ["number", "null"],
    "description": "null: not known, or hidden",
}
WHOLE: Mapping[str, Any] = {"type": "integer", "minimum": 0}
FLAG: Mapping[str, Any] = {"type": "boolean"}
MAYBE: Mapping[str, Any] = {"type": ["boolean", "null"], "description": "null: could not be judged"}
_SERIES = {"indicator": TEXT, "geography": TEXT, "substance": TEXT}
_STATUS = {"type": "string", "enum": [*STATUSES, "not_published"]}
_STATE = {
    **_SERIES,
    "state": {"type": "string", "enum": list(STATES)},
    "reason": TEXT,
    "late": FLAG,
    "period": MAYBE_DAY,
    "since": MAYBE_DAY,
    "run": WHOLE,
    "age_days": {"type": ["integer", "null"]},
    **dict.fromkeys(("observed", "expected", "upper", "pvalue", "qvalue", "pvalue_low"), NUMBER),
    "fall": MAYBE,
    "exceedance": NUMBER,
    "detector": TEXT,
    "alarms": WHOLE,
    "judged": WHOLE,
    "unit": TEXT,
    "window": TEXT,
    "grade": TEXT,
}
ROWS: Mapping[str, Mapping[str, Any]] = {
    "/sources": {
        **dict.fromkeys(("source", "title", "publisher", "country", "licence", "homepage", "indicators"), TEXT),
        "vintages": WHOLE,
        "newest": MAYBE_DAY,
        "last_fetch_failed": FLAG,
    },
    "/indicators": {
        **dict.fromkeys(("indicator", "title", "unit", "frequency", "window", "kind", "measure", "grade"), TEXT),
        **dict.fromkeys(("caution", "ended", "continues"), MAYBE_TEXT),
        "sources": TEXT,
        "watched": FLAG,
        "not_watched": {**MAYBE_TEXT, "description": "why it is not watched"},
    },
    "/series": _STATE,
    "/signals": {
        **_STATE,
        "id": {**TEXT, "description": "indicator.geography.substance.first period.family of detectors"},
    },
    "/observations": {
        **_SERIES,
        "period": DAY,
        "source": TEXT,
        "as_of": {**DAY, "description": "when this value was first public"},
        "value": NUMBER,
        "status": {"type": "string", "enum": list(STATUSES)},
        "provisional": FLAG,
        "confirmed": {**DAY, "description": "the newest publication that still says so"},
        "reason": {**TEXT, "description": "why the value is null"},
    },
    "/assessments": {
        "as_of": DAY,
        **_SERIES,
        "period": DAY,
        **dict.fromkeys(("observed", "expected", "upper", "pvalue", "pvalue_low", "exceedance"), NUMBER),
        "alarm": MAYBE,
        "detector": TEXT,
        "reason": {**TEXT, "description": "why it was not judged, or the rule that had the last word"},
        "complete": FLAG,
        "status": _STATUS,
        "status_reason": {**TEXT, "description": "why the observed value is null"},
    },
    "/recovered-months": {
        **_SERIES,
        "period": DAY,
        "value": NUMBER,
        "low": NUMBER,
        "high": NUMBER,
        "status": {"type": "string", "enum": ["recovered", "bounded", "suppressed"]},
        "provisional": FLAG,
        "seed": TEXT,
        "as_of": DAY,
        "reason": TEXT,
    },
    "/snapshots": {
        "name": {**TEXT, "description": "the week's, with the number of the correction where it is one"},
        "week": TEXT,
        "correction": {**WHOLE, "description": "0: the first issue of the week"},
        "as_of": DAY,
        "published": {"type": "string", "format": "date-time"},
        "author": {**MAYBE_TEXT, "description": "null: nobody vouches for the name"},
        "settings": {**TEXT, "description": "the digest of the settings"},
        "seal": {**TEXT, "description": "one SHA-256 over those of all files"},
        "languages": {**TEXT, "description": "codes separated by spaces"},
        "withdrawn": {**MAYBE_TEXT, "description": "why its files are not served; null: they are"},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"file": TEXT, "sha256": TEXT, "href": TEXT},
                "required": ["file", "sha256", "href"],
                "additionalProperties": False,
            },
        },
    },
}
_SOURCE = dict.fromkeys(("id", "title", "publisher", "licence", "homepage"), TEXT)
_META = {
    "as_of": DAY,
    "settings": {
        "type": "object",
        "properties": {
            "name": TEXT,
            "digest": TEXT,
            "budget": {"type": "number"},
            "modified": {**FLAG, "description": "whether they are not the panel's own"},
            "notice": {**MAYBE_TEXT, "description": "that modified settings are not for publication"},
        },
        "required": ["name", "digest", "budget", "modified", "notice"],
    },
    "sources": {
        "type": "array",
        "items": {"type": "object", "properties": _SOURCE, "required": list(_SOURCE)},
    },
    "caveat": TEXT,
    "total": WHOLE,
    "offset": WHOLE,
    "limit": WHOLE,
}
_PROBLEM = {
    "type": "object",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        **dict.fromkeys(("parameter", "value", "expected"), TEXT),
    },
    "required": ["type", "title", "status", "detail"],
}
_ABOUT = (
    "Public statistics of overdose deaths, emergency visits, seizures and case files of the United States and "
    "Mexico, and how unusual each series' newest value is. Read only; no key is needed. Every answer names the day "
    "it is as of, the settings, the sources with their licences, and how many rows there are. A value that its "
    "publisher hides, or that our rule for small counts withholds, is null with the status `suppressed`, at every "
    "as-of day."
)


def description() -> dict[str, Any]:
    """The OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Drug trends, United States and Mexico",
            "version": version("drug-trends"),
            "description": _ABOUT,
            "license": {"name": "Figures: each source's own, named in every answer"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/api/v1/": _single("index", "What there is to ask", "Index"),
            "/api/v1/openapi.json": _single("description", "This document", "Description"),
            **{f"/api/v1{endpoint.path}": _path(endpoint) for endpoint in ENDPOINTS},
            f"{snapshots.ADDRESS}/{{name}}/{{file}}": _file(),
        },
        "components": {
            "schemas": {
                "Meta": _object(_META, optional=("offset", "limit")),
                "Problem": _PROBLEM,
                "Description": {"type": "object", "required": ["openapi", "info", "paths"]},
                "Index": _object({"meta": _to("Meta"), "data": {"type": "array"}, "links": {"type": "object"}}),
                **{_name(endpoint): _answer(endpoint) for endpoint in ENDPOINTS},
            },
            "responses": {
                status: {"description": about, "content": {"application/problem+json": {"schema": _to("Problem")}}}
                for status, about in (
                    ("Refused", "A parameter that cannot be used, named with what is expected"),
                    ("NotFound", "There is no such file"),
                    ("Gone", "The bulletin is withdrawn: its publisher has since hidden a figure in it"),
                    ("NotAcceptable", "Neither JSON nor CSV is taken"),
                    ("Unavailable", "The figures cannot be read at the moment"),
                )
            },
        },
    }


def _name(endpoint: Endpoint) -> str:
    return "".join(word.capitalize() for word in endpoint.path.strip("/").split("-"))


def _to(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(properties: Mapping[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    needed = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": needed, "additionalProperties": False}


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    links = _object({"self": TEXT, "next": MAYBE_TEXT})
    rows = {"type": "array", "items": _object(ROWS[endpoint.path])}
    return _object({"meta": _to("Meta"), "data": rows, "links": links})


def _single(operation: str, about: str, schema: str) -> dict[str, Any]:
    answered = {"200": _content(about, {"application/json": {"schema": _to(schema)}}), "304": _SAME}
    return {
        "get": {"operationId": operation, "summary": about, "responses": {**answered, "400": _refused("Refused")}}
    }


def _path(endpoint: Endpoint) -> dict[str, Any]:
    content = {
        "application/json": {"schema": _to(_name(endpoint))},
        "text/csv": {"schema": {**TEXT, "description": "notes, a line each that begins with #; then the table"}},
    }
    return {
        "get": {
            "operationId": _name(endpoint),
            "summary": endpoint.about,
            "description": endpoint.answer.__doc__ or "",
            "parameters": [_parameter(parameter) for parameter in endpoint.parameters],
            "responses": {
                "200": _content(endpoint.about, content),
                "304": _SAME,
                "400": _refused("Refused"),
                "406": _refused("NotAcceptable"),
                "503": _refused("Unavailable"),
            },
        }
    }


def _file() -> dict[str, Any]:
    about = "A file of a frozen bulletin, as it was published"
    said = {"name": "as `name` in /snapshots", "file": "as `file` in /snapshots, its slashes as they are"}
    content: dict[str, Any] = {kind: {} for kind in dict.fromkeys(snapshots.KINDS.values())}
    refused = {"400": "Refused", "404": "NotFound", "410": "Gone", "503": "Unavailable"}
    return {
        "get": {
            "operationId": "SnapshotFile",
            "summary": about,
            "parameters": [
                {"name": name, "in": "path", "required": True, "description": text, "schema": TEXT}
                for name, text in said.items()
            ],
            "responses": {
                "200": _content(about, content),
                "304": _SAME,
                **{status: _refused(name) for status, name in refused.items()},
            },
        }
    }


def _content(about: str, content: Mapping[str, Any]) -> dict[str, Any]:
    tags = {"ETag": {"description": "strong; send it as If-None-Match", "schema": TEXT}}
    return {"description": about, "headers": tags, "content": dict(content)}


_SAME = {"description": "Not modified: the copy that If-None-Match names is current"}


def _refused(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{name}"}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    listed = {"style": "form", "explode": False} if parameter.schema.get("type") == "array" else {}
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": f"{parameter.expected[0].upper()}{parameter.expected[1:]}",
        "schema": dict(parameter.schema),
        **listed,
    }
