"""Getting a publisher's bytes over HTTPS: from allowed hosts only, patiently, and never more than is sensible."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urljoin

import requests
import urllib3
from tqdm import tqdm
from urllib3.util import Retry, Url, parse_url

from data_sources.errors import DownloadError
from data_sources.phrases import Phrase
from data_sources.source import Validators
from data_sources.tables import LARGEST_TEXT, looks_like_html

log = logging.getLogger(__name__)

RETRY_STATUSES = frozenset({202, 429, 500, 502, 503, 504})  # 202: Socrata is still preparing the answer
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_TRANSIENT = (requests.RequestException, urllib3.exceptions.HTTPError)
_CHUNK = 2**16


@dataclass(frozen=True)
class Limits:
    """How long and how much: seconds, attempts and bytes (after decompression)."""

    connect: float = 10
    read: float = 30  # between two pieces of a body
    total: float = 300  # for one file, waits and redirects included
    attempts: int = 5
    backoff: float = 1  # the first wait, doubled each time
    longest_wait: float = 60  # a publisher who asks for more is left alone
    redirects: int = 5
    largest: int = LARGEST_TEXT


@dataclass(frozen=True)
class Response:
    """What a server sent for *url*, and its validators for the next conditional request."""

    url: str  # as asked, before redirects
    raw: bytes = field(repr=False)
    retrieved: datetime
    etag: str | None
    last_modified: str | None

    def modified(self) -> datetime | None:
        """Last-Modified as a time, None where the server gave none that can be read."""
        try:
            return parsedate_to_datetime(self.last_modified) if self.last_modified else None
        except ValueError:
            return None


class _Retryable(Exception):
    """An answer that may be better next time; *wait* is what the server asked for."""

    def __init__(self, found: Phrase | str, wait: float = 0) -> None:
        super().__init__(found)
        self.wait = wait


class _Session(requests.Session):
    """A session that leaves redirects alone: requests would read the body of one whole, however large."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Downloader:
    """Downloads from *hosts*; errors tell a person to get the file by hand from *homepage*.

    *plain_http_on_loopback* allows http:// to this machine, for a test server.
    """

    def __init__(
        self,
        hosts: Collection[str],
        homepage: str = "",
        *,
        limits: Limits | None = None,
        plain_http_on_loopback: bool = False,
    ) -> None:
        self.hosts = frozenset(hosts)
        self.limits = limits or Limits()
        self._plain_http_on_loopback = plain_http_on_loopback
        self._by_hand = by_hand(homepage)
        self._session = _Session()
        self._session.headers.update(
            {"User-Agent": f"drug-trends/{version('drug-trends')}", "Accept": "*/*", "Accept-Encoding": "gzip"}
        )

    def get(self, url: str, held: Validators | None = None, *, page: bool = False) -> Response | None:
        """The file at *url*, None where *held* is still current; HTML only where a *page* is asked for.

        Raises DownloadError.
        """
        deadline = time.monotonic() + self.limits.total
        headers = {}
        if held and held.etag:
            headers["If-None-Match"] = held.etag
        if held and held.last_modified:
            headers["If-Modified-Since"] = held.last_modified
        for attempt in range(self.limits.attempts):
            try:
                return self._attempt(url, headers, page, deadline)
            except _TRANSIENT as error:
                failure = _Retryable(Phrase("no complete answer ({system})", system=_first_line(error)))
            except _Retryable as error:
                failure = error
            wait = failure.wait or self.limits.backoff * 2**attempt
            if attempt + 1 == self.limits.attempts:
                break
            if wait > self.limits.longest_wait or time.monotonic() + wait > deadline:
                found = Phrase(
                    "{answer}, and {n} s to wait before trying again", answer=str(failure), n=round(wait)
                )
                raise self._error(url, Phrase("an answer soon"), found)
            log.info("%s: %s; trying again in %.0f s", url, failure, wait)
            time.sleep(wait)
        found = Phrase("{answer}, {n} times", answer=str(failure), n=self.limits.attempts)
        raise self._error(url, Phrase("an answer"), found)

    def _attempt(self, url: str, headers: dict[str, str], page: bool, deadline: float) -> Response | None:
        target = url
        for _ in range(self.limits.redirects + 1):
            self._check_allowed(url, target)
            remaining = max(0.1, deadline - time.monotonic())
            timeout = (min(self.limits.connect, remaining), min(self.limits.read, remaining))
            with self._session.get(
                target, headers=headers, timeout=timeout, stream=True, allow_redirects=False
            ) as answer:
                if answer.status_code in REDIRECTS and "Location" in answer.headers:
                    target = _joined(target, answer.headers["Location"])
                    continue
                if answer.status_code == 304:
                    return None
                self._check_status(url, answer)
                raw = self._body(url, answer, deadline)
            if not page and ("html" in answer.headers.get("Content-Type", "") or looks_like_html(raw)):
                found = Phrase("a web page (a gate against robots, or a moved file)")
                raise self._error(url, Phrase("data"), found)
            return Response(
                url=url,
                raw=raw,
                retrieved=datetime.now(UTC),
                etag=answer.headers.get("ETag"),
                last_modified=answer.headers.get("Last-Modified"),
            )
        raise self._error(url, Phrase("the file"), Phrase("more than {n} redirects", n=self.limits.redirects))

    def _check_allowed(self, url: str, target: str) -> None:
        """Refuse a first address, link or redirect that leaves HTTPS or the allowed hosts."""
        try:
            # The parser that opens the connection: two parsers may see two hosts in one address.
            parsed = parse_url(target)
        except urllib3.exceptions.LocationParseError:
            parsed = Url()
        loopback = self._plain_http_on_loopback and parsed.scheme == "http" and parsed.host in _LOOPBACK
        https = parsed.scheme == "https" and parsed.port in (None, 443)
        if not (https or loopback) or parsed.auth or (parsed.host or "") not in self.hosts:
            hosts = Phrase("an https address on {names}", names=", ".join(sorted(self.hosts)))
            raise self._error(url, hosts, f"{target[:200]!r}")

    def _check_status(self, url: str, answer: requests.Response) -> None:
        status = f"HTTP {answer.status_code} {answer.reason or ''}".rstrip()
        if answer.status_code in RETRY_STATUSES:
            raise _Retryable(status, _retry_after(answer.headers.get("Retry-After", "")))
        if answer.status_code != 200:
            raise self._error(url, Phrase("data"), status)

    def _body(self, url: str, answer: requests.Response, deadline: float) -> bytes:
        """The decompressed body, never holding more than the largest size allowed."""
        announced = int(length) if (length := answer.headers.get("Content-Length", "")).isdigit() else None
        self._check_size(url, announced or 0)
        body = bytearray()
        with tqdm(
            total=announced,
            unit="B",
            unit_scale=True,
            desc=url.rpartition("/")[2][:40],
            delay=1,
            leave=False,
            disable=None,
        ) as progress:
            # read1 returns what has arrived, so that a body that trickles in cannot outstay the deadline.
            while piece := answer.raw.read1(_CHUNK, decode_content=True):
                body += piece
                progress.update(len(piece))
                self._check_size(url, len(body))
                if time.monotonic() > deadline:
                    whole = Phrase("the whole file within {n} s", n=round(self.limits.total))
                    raise self._error(url, whole, Phrase("{n} bytes", n=len(body)))
        return bytes(body)

    def _check_size(self, url: str, size: int) -> None:
        if size > self.limits.largest:
            raise self._error(url, Phrase("at most {n} bytes", n=f"{self.limits.largest:,}"), Phrase("more"))

    def _error(self, url: str, expected: str, found: str) -> DownloadError:
        return DownloadError(expected, found, self._by_hand, file=url)


def by_hand(homepage: str = "", command: str = "drug-trends import SOURCE FILE") -> Phrase:
    """What to try where a download does not work: the file from *homepage* in a browser, and the *command*."""
    if not homepage:
        return Phrase("Get the file in a browser and add it with: {command}.", command=command)
    return Phrase(
        "Get the file in a browser from {homepage} and add it with: {command}.", homepage=homepage, command=command
    )


def _joined(target: str, location: str) -> str:
    """The address a redirect leads to; one that cannot be read stays as it is, and is refused as such."""
    try:
        return urljoin(target, location)
    except ValueError:
        return location


def _retry_after(header: str) -> float:
    """The seconds a Retry-After header asks for, 0 where it is absent or cannot be read."""
    try:
        return Retry().parse_retry_after(header)
    except urllib3.exceptions.InvalidHeader:
        return 0


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
