"""The report of a verification, as JSON and as Markdown; it names documents and campaigns, never people."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from octopus_pipeline.people.migration.state import MigrationError
from octopus_pipeline.people.migration.verify import COUNTED, Verification
from octopus_pipeline.store.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

_MOST_SHOWN = 25


def report_record(verification: Verification) -> dict[str, Any]:
    """The whole verification as JSON has it."""
    return {
        "is_well": verification.is_well,
        "is_exact": verification.is_exact,
        **asdict(verification),
        "sums": {
            campaign: {"source": old, "target": new} for campaign, (old, new) in verification.sums.items()
        },
    }


def report_text(verification: Verification, made_at: datetime) -> str:
    """The verification as Markdown."""
    old_people, new_people = verification.people
    old_entries, new_entries = verification.entries
    how = "exactly" if verification.is_exact else "at least: more came since, or people were joined since"
    verdict = (
        f"The target holds all that the source says, {how}."
        if verification.is_well
        else "**Something is missing.**"
    )
    left_out = sum(len(ids) for ids in verification.left_out.values())
    return "\n".join(
        [
            "# Verification of the migration",
            "",
            f"{made_at:%Y-%m-%d %H:%M %Z}. {verdict}",
            "",
            "| | source | target |",
            "|---|---:|---:|",
            f"| documents that can be carried, and those found | {verification.documents - left_out:,} "
            f"| {verification.documents - left_out - len(verification.missing):,} |",
            f"| people | {old_people:,} | {new_people:,} |",
            f"| entries of people in campaigns | {old_entries:,} | {new_entries:,} |",
            *(
                f"| {flag} | {sum(old[flag] for old, _ in verification.sums.values()):,} "
                f"| {sum(new[flag] for _, new in verification.sums.values()):,} |"
                for flag in COUNTED[1:]
            ),
            "",
            f"{verification.sampled} contacts, chosen with the seed {verification.seed}, were compared field by field: "
            f"{len(verification.differences)} differences.",
            "",
            *_listed("Documents that are missing", verification.missing),
            *_listed("Documents with a flag that the target lacks", verification.lowered),
            *_listed("Campaigns with wrong totals", verification.wrong_totals),
            *_listed(
                "Differences",
                (f"{one.part} of {', '.join(one.source_ids)}" for one in verification.differences),
            ),
            *_listed("Campaigns that count more or otherwise than the source", verification.differing),
            *(
                line
                for reason, ids in verification.left_out.items()
                for line in _listed(f"Not carried, for there is {reason}", ids)
            ),
        ]
    )


def write_report(folder: Path, verification: Verification, text: str) -> tuple[Path, Path]:
    """Write `verification.json` and `verification.md` to the folder in place of former ones, each whole or not at all.

    Raises:
        MigrationError: they cannot be written.
    """
    record = json.dumps(report_record(verification), indent=2) + "\n"
    contents = {"verification.json": record, "verification.md": text}
    try:
        for name, content in contents.items():
            with whole_file(folder / name) as file:
                file.write(content.encode())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = (
            f"the report cannot be written to {folder}: {reason}. Make the folder writable or free disk space"
        )
        raise MigrationError(message) from error
    json_file, text_file = (folder / name for name in contents)
    return json_file, text_file


def _listed(heading: str, ids: Iterable[str]) -> list[str]:
    every = list(ids)
    if not every:
        return []
    more = [f"- and {len(every) - _MOST_SHOWN:,} more, in the JSON file"] if len(every) > _MOST_SHOWN else []
    return [f"## {heading}: {len(every):,}", "", *(f"- `{one}`" for one in every[:_MOST_SHOWN]), *more, ""]
