"""The interface over HTTP: addresses, formats, entity tags and problems. Work is done off the event loop."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard import data
from dashboard.api import formats, openapi, snapshots
from dashboard.api import parameters as ask
from dashboard.api.answers import CAVEAT, ENDPOINTS, Answer, Endpoint
from dashboard.api.parameters import Problem
from data_sources.errors import StoreError
from data_sources.registry import SOURCES
from surveillance.plan import DEFAULT_PLAN

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
HANDS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="api")  # the pages keep the rest of the machine
MODIFIED = "Modified settings, not for publication."
FRESH = "public, max-age=60"
Reply = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Made:
    """Content before it is sent; `body` is called only where the client does not hold it already."""

    tag: str
    kind: str
    body: Callable[[], tuple[bytes, Mapping[str, str]]]


def application() -> Starlette:
    """The interface, to be mounted at /api of the app that serves the pages."""
    listed = [Route(f"/v1{endpoint.path}", _reply(_of(endpoint)), methods=["GET"]) for endpoint in ENDPOINTS]
    single = [
        Route("/v1", _reply(_index), methods=["GET"]),
        Route("/v1/", _reply(_index), methods=["GET"]),
        Route("/v1/openapi.json", _reply(_description), methods=["GET"]),
        Route("/v1/snapshots/{name}/{file:path}", _reply(_file), methods=["GET"]),
    ]
    app = Starlette(
        routes=[*single, *listed],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=["GET", "HEAD"],
                allow_headers=["If-None-Match"],
                expose_headers=["ETag", "Link"],
            )
        ],
        exception_handlers={HTTPException: _not_served, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return app


def _reply(make: Callable[[Request], Made]) -> Reply:
    """The asynchronous side of an address: made on a thread, sent with its tag, or 304."""

    async def reply(request: Request) -> Response:
        return await asyncio.get_running_loop().run_in_executor(HANDS, _response, make, request)

    return reply


def _response(make: Callable[[Request], Made], request: Request) -> Response:
    try:
        made = make(request)
        headers = {"ETag": made.tag, "Cache-Control": FRESH, "Vary": "Accept, Accept-Encoding"}
        if _held(request.headers.get("if-none-match", ""), made.tag):
            return Response(status_code=304, headers=headers)
        body, more = made.body()
    except Problem as problem:
        return _problem(problem)
    except (StoreError, OSError) as error:
        # The message names a folder of this machine: for the log, not for the answer.
        log.warning("the store cannot be used: %s", error)
        return _problem(Problem(503, "The figures cannot be read at the moment; the server's log says why."))
    return _sent(request, body, made.kind, {**headers, **more})


def _sent(request: Request, body: bytes, kind: str, headers: Mapping[str, str]) -> Response:
    whole = {**headers, "Content-Length": f"{len(body)}", "X-Content-Type-Options": "nosniff"}
    return Response(b"" if request.method == "HEAD" else body, media_type=kind, headers=whole)


def _of(endpoint: Endpoint) -> Callable[[Request], Made]:
    def make(request: Request) -> Made:
        asked = ask.read(request.query_params.multi_items(), endpoint.parameters)
        form = asked.setdefault("format", _accepted(request.headers.get("accept", "*/*")))
        latest = data.latest()
        ask.refuse_day(asked.setdefault("as_of", latest), latest)
        if "settings" in asked and asked["settings"] not in (DEFAULT_PLAN.digest, *data.saved_digests()):
            raise ask.refused_settings(asked["settings"])
        asked.setdefault("offset", 0)
        asked.setdefault("limit", ask.PAGE)

        def body() -> tuple[bytes, Mapping[str, str]]:
            answer = endpoint.answer(asked)
            following = _next(endpoint, asked, answer)
            link = {"Link": f'<{following}>; rel="next"'} if following else {}
            if form == "csv":
                return formats.to_csv(answer.table, _notes(answer)), link
            meta = _meta(answer) | {"offset": asked["offset"], "limit": asked["limit"]}
            content = {
                "meta": meta,
                "data": formats.records(answer.table),
                "links": {"self": _address(endpoint, asked), "next": following},
            }
            return formats.to_json(content), link

        kind = formats.CSV if form == "csv" else formats.JSON
        return Made(_tag(request, data.store().token(), endpoint.token(), _address(endpoint, asked)), kind, body)

    return make


def _index(request: Request) -> Made:
    ask.read(request.query_params.multi_items(), ())
    latest = data.latest()

    def body() -> tuple[bytes, Mapping[str, str]]:
        nothing = Answer(pd.DataFrame(), len(ENDPOINTS), latest, tuple(SOURCES))
        addresses = [
            {"href": f"{PREFIX}{endpoint.path}", "title": endpoint.about, "parameters": _names(endpoint)}
            for endpoint in ENDPOINTS
        ]
        description = {"openapi": f"{PREFIX}/openapi.json"}
        return formats.to_json({"meta": _meta(nothing), "data": addresses, "links": description}), {}

    return Made(_tag(request, data.store().token(), latest.isoformat()), formats.JSON, body)


def _names(endpoint: Endpoint) -> list[str]:
    return [parameter.name for parameter in endpoint.parameters]


def _description(request: Request) -> Made:
    ask.read(request.query_params.multi_items(), ())
    return Made(_tag(request), formats.JSON, lambda: (formats.to_json(openapi.description()), {}))


def _file(request: Request) -> Made:
    """A file of a frozen bulletin; its tag is its hash, for it never changes."""
    ask.read(request.query_params.multi_items(), ())
    found = snapshots.file(request.path_params["name"], request.path_params["file"])
    packed = "-gzip" if "gzip" in request.headers.get("accept-encoding", "") else ""
    return Made(f'"{found.digest}{packed}"', found.kind, lambda: (found.content(), {}))


def _meta(answer: Answer) -> dict[str, Any]:
    modified = answer.plan.digest != DEFAULT_PLAN.digest
    return {
        "as_of": answer.as_of.isoformat(),
        "settings": {
            "name": f"{answer.plan.name} v{answer.plan.version}",
            "digest": answer.plan.digest,
            "budget": answer.plan.budget,
            "modified": modified,
            "notice": MODIFIED if modified else None,
        },
        "sources": [
            {name: getattr(SOURCES[source], name) for name in ("id", "title", "publisher", "licence", "homepage")}
            for source in answer.sources
        ],
        "caveat": CAVEAT,
        "total": answer.total,
    }


def _notes(answer: Answer) -> list[str]:
    meta = _meta(answer)
    settings = meta["settings"]
    return [
        f"As known on {meta['as_of']}. {answer.total} rows in all",
        f"Settings: {settings['name']} ({settings['digest']}), {settings['budget']:g} false signals a quarter",
        *([MODIFIED] if settings["modified"] else []),
        *(f"Source: {each['publisher']}: {each['title']}; {each['licence']}" for each in meta["sources"]),
        CAVEAT,
    ]


def _next(endpoint: Endpoint, asked: Mapping[str, Any], answer: Answer) -> str | None:
    following = asked["offset"] + asked["limit"]
    return _address(endpoint, {**asked, "offset": following}) if following < answer.total else None


def _address(endpoint: Endpoint, asked: Mapping[str, Any]) -> str:
    """The address that asks for just this, in one order of parameters, whoever's name for this server it is."""
    texts = {
        parameter.name: _text(asked[parameter.name]) for parameter in endpoint.parameters if parameter.name in asked
    }
    return f"{PREFIX}{endpoint.path}?{urlencode(texts, safe=',')}"


def _text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _accepted(accept: str) -> str:
    """json or csv, as the header prefers; Problem 406 where it takes neither."""
    weights = {"json": 0.0, "csv": 0.0}
    given: dict[str, tuple[int, float]] = {}
    for part in accept.split(","):
        name, *options = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(option[2:]) for option in options if option.startswith("q=")), 1.0)
        for form, ranges in (
            ("json", ("*/*", "application/*", "application/json")),
            ("csv", ("*/*", "text/*", "text/csv")),
        ):
            if name in ranges and ranges.index(name) >= given.get(form, (-1, 0.0))[0]:
                given[form] = ranges.index(name), weight
    weights |= {form: weight for form, (_, weight) in given.items()}
    if not any(weights.values()):
        raise Problem(406, "There is application/json and text/csv.", expected="application/json or text/csv")
    return "csv" if weights["csv"] > weights["json"] else "json"


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _tag(request: Request, *parts: str) -> str:
    """A strong tag: the store, what is asked, the code, and whether the answer may be sent compressed."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    told = repr((code(), DEFAULT_PLAN.digest, request.url.path, packed, parts))
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


@cache
def code() -> str:
    """The digest of the program: an answer may change with any of its lines."""
    digest = hashlib.sha256(version("drug-trends").encode())
    for package in ("dashboard", "surveillance", "data_sources"):
        for path in sorted(files(package).rglob("*.py")):  # type: ignore[attr-defined]
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _held(sent: str, tag: str) -> bool:
    held = [each.strip().removeprefix("W/") for each in sent.split(",")]
    return tag in held or held == ["*"]


def _problem(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    content = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.members,
    }
    return Response(
        formats.to_json(content),
        status_code=problem.status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})},
    )


async def _not_served(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = {
        404: f"There is nothing at this address; {PREFIX}/ lists what there is.",
        405: "Figures can be read here, and nothing else: the methods are GET and HEAD.",
    }.get(error.status_code, error.detail)
    return _problem(Problem(error.status_code, detail), error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    return _problem(Problem(500, "The answer could not be made; the server's log says why."))


def listed() -> Sequence[str]:
    """Every address that can be asked as it stands; those of frozen files are listed by /snapshots."""
    return [f"{PREFIX}/", f"{PREFIX}/openapi.json", *(f"{PREFIX}{endpoint.path}" for endpoint in ENDPOINTS)]
