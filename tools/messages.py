"""List the messages that the dashboard says, and how the Spanish catalogue stands to them.

python tools/messages.py            prints what is missing and what is unused
python tools/messages.py --write    drops the unused ones and adds the missing ones, empty, for translation
"""

from __future__ import annotations

import argparse
import ast
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from data_sources.indicators import INDICATORS
from data_sources.published.figures import publishers
from data_sources.registry import SOURCES
from surveillance.plan import DEFAULT_PLAN

ROOT = Path(__file__).resolve().parents[1] / "dashboard"
CATALOGUE = ROOT / "locales" / "es.po"
KEYWORDS = {"t": 1, "N_": 1, "Phrase": 1, "self": 1, "n": 2}  # what is called, and how many texts it takes
OF_ERRORS = {"Phrase": 1}
BELOW = ("data_sources", "surveillance")  # whose errors the pages translate
Message = str | tuple[str, str]


def said() -> set[Message]:
    """Every message of the pages, the bulletin and the errors: a sentence, or a pair of singular and plural."""
    found: set[Message] = set()
    scanned = dict.fromkeys(ROOT.rglob("*.py"), KEYWORDS)
    for name in BELOW:
        scanned |= dict.fromkeys((ROOT.parent / name).rglob("*.py"), OF_ERRORS)
    for path, keywords in scanned.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (name := _name(node.func)) in keywords:
                texts = [argument.value for argument in node.args[: keywords[name]] if _is_text(argument)]
                if len(texts) == keywords[name]:
                    found.add(texts[0] if len(texts) == 1 else (texts[0], texts[1]))
    found |= {record.title for record in INDICATORS.values()}
    found |= {record.caution for record in INDICATORS.values() if record.caution}
    found |= {watch.why for watch in DEFAULT_PLAN.watches} | set(DEFAULT_PLAN.not_watched.values())
    found |= {said for source in SOURCES.values() for said in (source.title, source.publisher, source.licence)}
    found |= {who for names in publishers().values() for who in names}
    return found


def _name(called: ast.expr) -> str:
    """What is called: t for t(…) and self.t(…), n for t.n(…); a method of anything else is not a message."""
    if isinstance(called, ast.Name):
        return called.id
    if isinstance(called, ast.Attribute):
        return called.attr if called.attr != "n" or _name(called.value) == "t" else ""
    return ""


def _is_text(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str)


def held() -> Catalog:
    """The Spanish catalogue."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="es_MX")


def compare() -> tuple[list[Message], list[Message], list[Message]]:
    """Messages that lack a translation, that are fuzzy, and that nothing says any more."""
    catalogue, wanted = held(), said()
    kept = {
        message.id if isinstance(message.id, str) else tuple(message.id): message
        for message in catalogue
        if message.id
    }
    missing = [
        key for key in wanted if key not in kept or not all(_strings(kept[key].string)) or not kept[key].string
    ]
    fuzzy = [key for key, message in kept.items() if message.fuzzy]
    unused = [key for key in kept if key not in wanted]
    return sorted(missing, key=str), sorted(fuzzy, key=str), sorted(unused, key=str)


def _strings(string: object) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ("",))  # type: ignore[arg-type]


def write() -> None:
    """Rewrite the catalogue with exactly the messages said, in alphabetical order, translations kept."""
    old = held()
    new = Catalog(locale="es_MX", header_comment="# Spanish (Mexico) messages of drug-trends.", fuzzy=False)
    for key in sorted(said(), key=str):
        before = old.get(key if isinstance(key, str) else key[0])
        new.add(key, string=before.string if before is not None and before.id == key else None)
    out = BytesIO()
    write_po(out, new, width=112, no_location=True, omit_header=True)
    header = b'# Spanish (Mexico) messages of drug-trends.\nmsgid ""\nmsgstr ""\n"Language: es_MX\\n"\n'
    header += b'"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    CATALOGUE.write_bytes(header + out.getvalue().lstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        write()
    for name, keys in zip(("missing", "fuzzy", "unused"), compare(), strict=True):
        print(f"{len(keys)} {name}")
        for key in keys:
            print(f"  {key!r}")


if __name__ == "__main__":
    main()
