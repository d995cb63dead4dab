"""A page as PDF: tagged, with its language and title, and the same bytes whenever it is rendered."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dashboard import typeface

NEEDED = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


class NoPdf(Exception):
    """PDFs cannot be made on this machine; the message says what is missing and how to install it."""


@dataclass(frozen=True)
class Rendered:
    """A PDF and how many pages it has."""

    raw: bytes
    pages: int


def engine() -> str:
    """What renders: WeasyPrint's version and that of the system's Pango; NoPdf where it cannot be loaded."""
    try:
        from weasyprint.text.ffi import pango
    except OSError as error:
        raise NoPdf(
            f"no PDF: the system's Pango library could not be loaded ({str(error).splitlines()[0][:120]}). "
            f"On Debian or Ubuntu: apt install {NEEDED}; on macOS: brew install pango."
        ) from error
    number = pango.pango_version()
    return f"WeasyPrint {version('weasyprint')}, Pango {number // 10000}.{number // 100 % 100}.{number % 100}"


def render(page: str, *, identifier: str) -> Rendered:
    """A self-contained HTML page as tagged PDF (PDF/UA-1); the page's metadata give date, title and language.

    *identifier* names the document: the same page and identifier give the same bytes on the same libraries. Nothing
    but the project's own typeface is loaded. Raises NoPdf where this machine lacks a library.
    """
    engine()
    # What of the page's style is for screens alone is no news to whoever makes a bulletin.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Own(URLFetcher):
        """Reads the typeface and nothing else, whatever a page asks for."""

        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            path = Path(unquote(urlsplit(url).path))
            if urlsplit(url).scheme != "file" or path.parent != typeface.folder():
                raise ValueError(f"a bulletin loads nothing: {url[:80]}")
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": "font/ttf"})

    fonts, fetcher = FontConfiguration(), Own()
    sheet = CSS(string=typeface.css(), font_config=fonts, url_fetcher=fetcher)
    document = HTML(string=page, url_fetcher=fetcher).render(stylesheets=[sheet], font_config=fonts)
    name = hashlib.sha256(identifier.encode()).hexdigest()[:32].encode()
    raw = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=name)
    return Rendered(raw, len(document.pages))
