"""The downloader against a server on this machine that misbehaves as publishers' servers do."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from data_sources.download import Downloader, Limits, Response
from data_sources.errors import DownloadError
from data_sources.source import Validators

CSV = b"a,b\n1,2\n"
FAST = Limits(connect=2, read=2, total=5, attempts=4, backoff=0.01, longest_wait=2, largest=10_000)
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Plays its answers in turn, the last one for ever, and keeps the requests it saw."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.requests.append((self.path, dict(self.headers)))
                self.close_connection = True
                answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                with contextlib.suppress(ConnectionError):  # the client may hang up, and often should
                    answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def answer(status: int = 200, body: bytes = CSV, length: int | None = None, **headers: str) -> Answer:
    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Connection", "close")
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return play


def endless(piece: bytes, pause: float = 0, status: int = 200, **headers: str) -> Answer:
    """A body without an announced length that goes on until the client hangs up."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Connection", "close")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        for _ in range(100_000):
            handler.wfile.write(piece)
            time.sleep(pause)

    return play


def get(
    server: Server, *, limits: Limits = FAST, held: Validators | None = None, page: bool = False
) -> Response | None:
    downloader = Downloader(
        ["127.0.0.1"], homepage="https://example.org/data", limits=limits, plain_http_on_loopback=True
    )
    return downloader.get(f"{server.url}/file.csv", held, page=page)


def test_a_file_comes_back_byte_for_byte_with_its_validators(server: Server) -> None:
    server.answers = [answer(ETag='"x1"', Last_Modified="Wed, 16 Jul 2025 12:00:00 GMT")]
    response = get(server)
    assert response is not None
    assert response.raw == CSV
    assert response.etag == '"x1"'
    modified = response.modified()
    assert modified is not None
    assert modified.date().isoformat() == "2025-07-16"
    assert server.requests[0][1]["User-Agent"].startswith("drug-trends/")


@pytest.mark.parametrize("status", [202, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(server: Server, status: int) -> None:
    server.answers = [answer(status, b"<html>wait"), answer(status, b""), answer()]
    response = get(server)
    assert response is not None
    assert response.raw == CSV
    assert len(server.requests) == 3


def test_the_wait_a_publisher_asks_for_is_kept(server: Server) -> None:
    server.answers = [answer(429, b"", Retry_After="1"), answer()]
    begun = time.monotonic()
    assert get(server) is not None
    assert time.monotonic() - begun >= 1


def test_a_wait_too_long_to_keep_ends_the_attempts(server: Server) -> None:
    server.answers = [answer(429, b"", Retry_After="3600"), answer()]
    with pytest.raises(DownloadError, match=r"HTTP 429.*3600 s"):
        get(server)
    assert len(server.requests) == 1


def test_a_lasting_failure_names_status_and_number_of_attempts(server: Server) -> None:
    server.answers = [answer(503, b"")]
    with pytest.raises(DownloadError, match=r"HTTP 503 Service Unavailable, 4 times"):
        get(server)
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_not_tried_again(server: Server, status: int) -> None:
    server.answers = [answer(status)]
    with pytest.raises(DownloadError, match=f"HTTP {status}"):
        get(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "gate",
    [
        answer(403, b"<html>Access denied"),
        answer(200, b"<!DOCTYPE html><title>Just a moment</title>"),
        answer(200, b"checking your browser", Content_Type="text/html; charset=utf-8"),
        answer(200, b"\xef\xbb\xbf\n <HTML>Pardon our interruption"),
    ],
)
def test_a_gate_page_says_to_import_by_hand_and_where_to_get_the_file(server: Server, gate: Answer) -> None:
    server.answers = [gate]
    with pytest.raises(DownloadError, match=r"https://example\.org/data .*drug-trends import"):
        get(server)


def test_a_page_may_be_asked_for(server: Server) -> None:
    server.answers = [answer(200, b"<html><a href='x.csv'>", Content_Type="text/html")]
    response = get(server, page=True)
    assert response is not None
    assert response.raw.startswith(b"<html>")


def test_an_unchanged_file_is_none(server: Server) -> None:
    server.answers = [answer(304, b"")]
    held = Validators(etag='"x1"', last_modified="Wed, 16 Jul 2025 12:00:00 GMT")
    assert get(server, held=held) is None
    headers = server.requests[0][1]
    assert headers["If-None-Match"] == '"x1"'
    assert headers["If-Modified-Since"] == "Wed, 16 Jul 2025 12:00:00 GMT"


def test_a_redirect_on_an_allowed_host_is_followed(server: Server) -> None:
    server.answers = [answer(302, b"", Location="/moved/file.csv"), answer()]
    assert get(server) is not None
    assert [path for path, _ in server.requests] == ["/file.csv", "/moved/file.csv"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/file.csv",
        "//evil.example/file.csv",
        "http://evil.example/file.csv",
        "https://127.0.0.1@evil.example/file.csv",
        "https://user:secret@127.0.0.1/file.csv",
        "https://evil.example\\@127.0.0.1/file.csv",
        "https://127.0.0.1.evil.example/file.csv",
        "https://127.0.0.1:8443/file.csv",
        "file:///etc/hostname",
        "ftp://127.0.0.1/file.csv",
        "https://[broken/file.csv",
    ],
)
def test_a_redirect_off_the_allow_list_is_refused(server: Server, elsewhere: str) -> None:
    server.answers = [answer(302, b"", Location=elsewhere), answer()]
    with pytest.raises(DownloadError, match=r"an https address on 127\.0\.0\.1"):
        get(server)
    assert len(server.requests) == 1


def test_redirects_in_a_circle_end(server: Server) -> None:
    server.answers = [answer(302, b"", Location="/file.csv")]
    with pytest.raises(DownloadError, match="more than 5 redirects"):
        get(server)
    assert len(server.requests) == 6


def test_the_body_of_a_redirect_or_a_refusal_is_not_read(server: Server) -> None:
    server.answers = [
        endless(b"0" * 1000, pause=0.001, status=302, Location="/file.csv"),
        endless(b"0" * 1000, pause=0.001, status=503),
        answer(),
    ]
    begun = time.monotonic()
    assert get(server) is not None
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    "url",
    [
        "http://data.cdc.gov/file.csv",
        "http://127.0.0.1/file.csv",
        "https://example.org/file.csv",
        "data.cdc.gov/x",
        "",
    ],
)
def test_a_first_address_must_be_https_on_an_allowed_host(url: str) -> None:
    with pytest.raises(DownloadError, match=r"an https address on 127\.0\.0\.1, data\.cdc\.gov"):
        Downloader(["data.cdc.gov", "127.0.0.1"]).get(url)


def test_plain_http_to_another_machine_stays_refused_when_the_loopback_is_allowed() -> None:
    with pytest.raises(DownloadError, match="an https address"):
        Downloader(["data.cdc.gov"], plain_http_on_loopback=True).get("http://data.cdc.gov/file.csv")


def test_a_body_announced_as_too_large_is_refused_unread(server: Server) -> None:
    server.answers = [answer(200, CSV, length=2 * 2**30)]
    with pytest.raises(DownloadError, match="at most 10,000 bytes"):
        get(server)
    assert len(server.requests) == 1


def test_a_body_that_grows_too_large_is_cut_off(server: Server) -> None:
    server.answers = [endless(b"1,2,3\n" * 1000)]
    with pytest.raises(DownloadError, match="at most 10,000 bytes"):
        get(server)


def test_a_compressed_bomb_is_cut_off_while_it_unpacks(server: Server) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < 100_000
    server.answers = [answer(200, bomb, Content_Encoding="gzip")]
    with pytest.raises(DownloadError, match="at most 100,000 bytes"):
        get(server, limits=Limits(largest=100_000))


def test_a_compressed_answer_is_unpacked(server: Server) -> None:
    server.answers = [answer(200, gzip.compress(CSV * 100), Content_Encoding="gzip")]
    response = get(server)
    assert response is not None
    assert response.raw == CSV * 100


def test_a_body_shorter_than_announced_is_tried_again_and_never_passes(server: Server) -> None:
    server.answers = [answer(200, CSV, length=len(CSV) + 5)]
    with pytest.raises(DownloadError, match=r"IncompleteRead.*4 times"):
        get(server)
    server.answers = [answer(200, CSV, length=len(CSV) + 5), answer()]
    response = get(server)
    assert response is not None
    assert response.raw == CSV


def test_a_body_that_trickles_ends_at_the_total_bound(server: Server) -> None:
    server.answers = [endless(b"1", pause=0.05)]
    begun = time.monotonic()
    with pytest.raises(DownloadError, match="the whole file within 1 s"):
        get(server, limits=Limits(connect=1, read=1, total=1, backoff=0.01))
    assert time.monotonic() - begun < 2


def test_a_silent_server_times_out_and_is_tried_again(server: Server) -> None:
    def silent(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.5)

    server.answers = [silent, answer()]
    response = get(server, limits=Limits(connect=0.2, read=0.2, total=5, backoff=0.01))
    assert response is not None
    assert len(server.requests) == 2


def test_a_server_that_is_not_there_is_a_download_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/file.csv"
        with pytest.raises(DownloadError, match="no complete answer"):
            Downloader(["127.0.0.1"], limits=FAST, plain_http_on_loopback=True).get(url)
