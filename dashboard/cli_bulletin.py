"""The command `bulletin`: list, prepare, publish and verify frozen issues."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime

from dashboard import bulletin_edition, publishing, publishing_withdrawn
from dashboard.bulletin_edition import ENGLISH, Edition
from data_sources.store import Store
from surveillance.settings import bulletins_folder


def run(arguments: argparse.Namespace, store: Store, as_of: date) -> bool:
    """Do what is asked of the week that ends on *as_of*; whether all went well."""
    folder = bulletins_folder(store.root)
    edition = bulletin_edition.read(arguments.words) if arguments.words else Edition()
    if arguments.action == "list":
        held = publishing.issues(folder)
        gone = publishing_withdrawn.withdrawn(store, held)
        for issue in held:
            said = publishing_withdrawn.said(ENGLISH, gone[issue]) if issue in gone else ""
            told = (issue.name, f"{issue.published:%Y-%m-%dT%H:%MZ}", issue.author, issue.digest, issue.path, said)
            print("\t".join(map(str, told)).rstrip("\t"))
        return True
    if arguments.action == "prepare":
        with publishing.prepare(store, folder, as_of, edition=edition, say=_say) as draft:
            for check in draft.checks:
                print(f"{check.name}: {'pass' if check.passed else 'FAIL'}. {check.detail}")
            return not draft.refused
    if arguments.action == "publish":
        issue = publishing.publish(
            store, folder, as_of, author=arguments.author, verified=False, when=datetime.now(UTC),
            note=arguments.note, edition=edition, correction=arguments.correction, say=_say,
        )  # fmt: skip
        print(issue.path)
        return True
    found = [issue for issue in publishing.issues(folder) if issue.as_of == as_of]
    if not found:
        raise publishing.PublishingError(f"no issue of the week that ended on {as_of}; `drug-trends bulletin list`")
    differ = publishing.verify(store, folder, found[0], say=_say)
    if differ:
        print("\n".join(differ))
    elif hidden := publishing_withdrawn.withdrawn(store, found[:1]):
        said = publishing_withdrawn.said(ENGLISH, hidden[found[0]])
        print(f"{found[0].path}: every byte is as published. {said} So it was not rendered again.")
    else:
        print(f"{found[0].path}: every byte is the same")
    return not differ


def _say(step: object) -> None:
    print(f"  {step}", file=sys.stderr)
