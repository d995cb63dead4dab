"""Frozen bulletins: prepared, checked, published once, listed, and proved by rendering them again."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pandas as pd
from filelock import FileLock

from dashboard import bulletin, bulletin_edition, publishing_checks, publishing_withdrawn
from dashboard.bulletin import Written
from dashboard.bulletin_edition import ENGLISH, Edition
from dashboard.publishing_checks import Check
from dashboard.publishing_withdrawn import withdrawn
from dashboard.text import LANGUAGES, MISSING, Text, of
from data_sources.store import Store
from data_sources.vocabulary import Language
from surveillance import pipeline
from surveillance.assessment import Assessment
from surveillance.plan import DEFAULT_PLAN, Plan
from surveillance.snapshot import hashes_of, name_of, seal_of

log = logging.getLogger(__name__)
RECORD = "issued.jsonl"
Said = Callable[[str], object]


class PublishingError(Exception):
    """A bulletin that cannot be published or found; the message says why and what would do."""


@dataclass(frozen=True)
class Issue:
    """One frozen bulletin, as its record says: who published it when, and what its files' seal is."""

    week: str
    correction: int
    as_of: date
    published: datetime  # UTC
    author: str
    verified: bool  # whether anyone vouches for the author's name
    note: str
    digest: str  # of the settings
    seal: str
    path: Path
    place: int  # of its line in the record

    @property
    def name(self) -> str:
        """The week, with the number of the correction where it is one."""
        return self.week if not self.correction else f"{self.week}, {self.correction}"

    def file(self, language: Language, kind: str) -> Path:
        """The page of a language, as "html" or "pdf"."""
        return self.path / f"bulletin_{self.week}_{language}.{kind}"

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages whose page is there."""
        return tuple(language for language in LANGUAGES if self.file(language, "html").exists())


@dataclass(frozen=True)
class Draft:
    """A rendered bulletin that is not frozen, with its checks."""

    written: Written
    checks: list[Check]

    @property
    def refused(self) -> list[Check]:
        """The failed checks that forbid publishing."""
        return [check for check in self.checks if not check.passed and check.binding]


def issues(folder: Path) -> list[Issue]:
    """The frozen issues, newest week first, a correction before what it corrects."""
    record = folder / RECORD
    if not record.exists():
        return []
    lines = record.read_text("utf-8").splitlines()
    found = [_issue(folder, json.loads(line), place) for place, line in enumerate(lines) if line.strip()]
    return sorted(found, key=lambda issue: (issue.week, issue.correction), reverse=True)


def earlier(folder: Path, issue: Issue) -> list[Issue]:
    """The issues that were there when an issue was published, newest week first."""
    return [one for one in issues(folder) if one.place < issue.place]


def _issue(folder: Path, held: dict, place: int) -> Issue:
    return Issue(
        week=held["week"],
        correction=held["correction"],
        as_of=date.fromisoformat(held["as_of"]),
        published=datetime.fromisoformat(held["published"]),
        author=held["author"],
        verified=held["verified"],
        note=held["note"],
        digest=held["digest"],
        seal=held["seal"],
        path=folder / held["folder"],
        place=place,
    )


def issues_table(folder: Path) -> pd.DataFrame:
    """The first issue of each week: columns week, published (UTC, without a zone), languages (with commas)."""
    first = [issue for issue in issues(folder) if not issue.correction]
    published = [issue.published.replace(tzinfo=None) for issue in first]
    return pd.DataFrame(
        {
            "week": pd.Series([issue.week for issue in first], dtype="str"),
            "published": pd.Series(published, dtype="datetime64[us]"),
            "languages": pd.Series([",".join(issue.languages) for issue in first], dtype="str"),
        }
    )


@contextmanager
def prepare(
    store: Store,
    folder: Path,
    as_of: date,
    *,
    edition: Edition | None = None,
    plan: Plan = DEFAULT_PLAN,
    assessment: Assessment | None = None,
    before: Assessment | None = None,
    t: Text = ENGLISH,
    say: Said = log.debug,
) -> Iterator[Draft]:
    """A bulletin rendered out of sight and checked; it is gone when the block ends, unless it was published.

    The checks tell in *t* what they saw.
    """
    say("assessment")
    assessment = assessment or pipeline.run(store, as_of, plan)
    held = issues(folder)
    edition = edition or Edition()
    gone = withdrawn(store, held)
    previous = _previous([issue for issue in held if issue not in gone], as_of)
    edition = replace(edition, previous=previous.path.name if previous else "")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=folder) as hidden:
        written, missing = _render(store, Path(hidden), assessment, edition, held, before, say)
        say("checks")
        yield Draft(written, publishing_checks.run(assessment, store, written, edition, missing, t))


def _render(
    store: Store, out: Path, assessment: Assessment, edition: Edition, held: list[Issue], before: Assessment | None,
    say: Said,
) -> tuple[Written, list[str]]:  # fmt: skip
    texts = {language: publishing_checks.Listening(language) for language in LANGUAGES}
    previous = next((issue.path for issue in held if issue.path.name == edition.previous), None)
    written = bulletin.write(
        assessment, store, out, edition=edition, previous=previous, before=before,
        corrections=_corrections(held, assessment.as_of), texts=texts, say=say,
    )  # fmt: skip
    return written, sorted({message for text in texts.values() for message in text.missing})


def _previous(held: list[Issue], as_of: date) -> Issue | None:
    """The newest issue of an earlier week."""
    return next((issue for issue in held if issue.as_of < as_of), None)


def _corrections(held: list[Issue], as_of: date) -> Mapping[Language, list[str]]:
    """A sentence for each correction of an earlier week, newest first."""
    out: dict[Language, list[str]] = {}
    for language in LANGUAGES:
        t = of(language)
        out[language] = [
            t("Week {week} was corrected: {reason}", week=issue.week,
              reason=bulletin_edition.read(issue.path).reason.get(language, ""))
            for issue in held
            if issue.correction and issue.as_of < as_of
        ]  # fmt: skip
    return out


def publish(
    store: Store,
    folder: Path,
    as_of: date,
    *,
    author: str,
    verified: bool,
    when: datetime,
    note: str = "",
    edition: Edition | None = None,
    correction: bool = False,
    plan: Plan = DEFAULT_PLAN,
    assessment: Assessment | None = None,
    before: Assessment | None = None,
    t: Text = ENGLISH,
    say: Said = log.debug,
) -> Issue:
    """Freeze the bulletin of the week that ends on *as_of* and record who published it *when*.

    Raises PublishingError, in words of *t*, where the settings are not the panel's, the day is no Sunday that has
    ended, a binding check fails, or the week has an issue already: it can then only be published as a numbered
    *correction*. One that takes the place of a withdrawn issue says so where the edition gives no other reason.
    """
    if (assessment.plan if assessment else plan).digest != DEFAULT_PLAN.digest:
        raise PublishingError(t("the settings are modified: only the panel's own settings are published"))
    if as_of.weekday() != 6 or as_of >= when.date():
        raise PublishingError(t("{day} is not the Sunday of a week that has ended", day=as_of))
    edition = edition or Edition()
    if problems := edition.problems(t):
        raise PublishingError("; ".join(problems))
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock", timeout=60):
        same = [issue for issue in issues(folder) if issue.week == name_of(as_of)]
        if same and not correction:
            said = t("week {week} is published already; publish a correction instead", week=same[0].week)
            raise PublishingError(said)
        if correction and not same:
            said = t("week {week} is not published yet: there is nothing to correct", week=name_of(as_of))
            raise PublishingError(said)
        number = max(issue.correction for issue in same) + 1 if same else 0
        if same and not edition.reason and (hidden := withdrawn(store, same[:1])):
            edition = replace(edition, reason=publishing_withdrawn.reason(hidden[same[0]]))
        edition = replace(edition, correction=number)
        options = {"edition": edition, "plan": plan, "assessment": assessment, "before": before, "t": t, "say": say}
        with prepare(store, folder, as_of, **options) as draft:  # type: ignore[arg-type]
            if draft.refused:
                said = "; ".join(
                    f"{t(publishing_checks.NAMES[check.name])}: {check.detail}" for check in draft.refused
                )
                raise PublishingError(t("a check failed. {checks}", checks=said))
            say("freeze")
            return _freeze(folder, draft.written.path, number, author, verified, when, note)


def _freeze(folder: Path, made: Path, number: int, author: str, verified: bool, when: datetime, note: str) -> Issue:
    manifest = json.loads((made / "manifest.json").read_text("utf-8"))
    week = manifest["snapshot"]
    # A folder whose name begins with a digit would look like a vintage to the store around it.
    final = folder / (f"week-{week}" + (f"_correction-{number}" if number else ""))
    if final.exists():  # it has no record, so it was never issued: an earlier attempt broke off
        _thaw(final)
        shutil.rmtree(final)
    made.rename(final)
    for path in sorted(final.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    final.chmod(0o555)
    record = {
        "week": week, "correction": number, "as_of": manifest["as_of"], "published": when.isoformat(),
        "author": author, "verified": verified, "note": note, "digest": manifest["settings"]["digest"],
        "seal": manifest["seal"], "folder": final.name,
    }  # fmt: skip
    with (folder / RECORD).open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return next(issue for issue in issues(folder) if issue.path == final)


def _thaw(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


def verify(store: Store, folder: Path, issue: Issue, *, t: Text = ENGLISH, say: Said = log.debug) -> list[str]:
    """What differs between a frozen issue and the same bulletin rendered again, in words of *t*; empty if nothing.

    First its files against its own seal, then every byte of the new rendering: of the same day, the same words,
    against the same issue before. A publication that came in late with an older date, or another version of a
    library, is named as the cause. A withdrawn issue is compared with its seal alone: what its publisher has hidden
    since is rendered no more.
    """
    if not (issue.path / "manifest.json").exists():
        return [t("{folder}: the folder or its manifest is gone", folder=issue.path.name)]
    frozen = json.loads((issue.path / "manifest.json").read_text("utf-8"))
    found = hashes_of(issue.path)
    broken = [t("{file}: changed since it was published", file=name) for name in _apart(frozen["files"], found)]
    if not broken and seal_of(found) != issue.seal:
        broken = [t("{file}: not the one that was published", file="manifest.json")]
    if broken or withdrawn(store, [issue]):
        return broken
    say("assessment")
    # What failed to load on that day is part of the bulletin, and no longer told by the store.
    assessment = replace(pipeline.run(store, issue.as_of), failures=frozen["failures"])
    held = earlier(folder, issue)
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=folder) as hidden:
        written, _ = _render(
            store, Path(hidden), assessment, bulletin_edition.read(issue.path), held, None, say
        )  # fmt: skip
        again = json.loads((written.path / "manifest.json").read_text("utf-8"))
        differ = _apart(frozen["files"], again["files"])
        manifests = [(one / "manifest.json").read_bytes() for one in (issue.path, written.path)]
    causes = [
        t("published later with an older date: {file}", file=name)
        for name in again["raw_files"].keys() - frozen["raw_files"]
    ]
    then, now = frozen["versions"], again["versions"]
    causes += [
        t("version of {name}: {then} then, {now} now", name=name, then=then.get(name, MISSING),
          now=now.get(name, MISSING))
        for name in _apart(then, now)
    ]  # fmt: skip
    if not differ and manifests[0] != manifests[1]:
        differ = ["manifest.json"]
    return sorted(causes) + [t("{file}: differs", file=name) for name in differ]


def _apart(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
