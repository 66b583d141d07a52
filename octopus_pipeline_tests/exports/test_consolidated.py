"""The consolidated table says what the documents say, filter by filter, in every format, whole or absent."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_text
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.filters import MatchState, PeopleFilter
from octopus_pipeline.people.queries import Rows
from octopus_pipeline_tests.people.rows import HOME, person_row

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    Document = dict[str, Any]
    Row = dict[str, Any]

from octopus_pipeline_tests.exports.mailed_people import (
    EVERYBODY,
    NOW,
    OHIO,
    RECORD,
    SENT,
    at,
    receive,
    values,
    write,
)


def expected(documents: list[Document], filters: PeopleFilter, rows: Rows) -> list[Row]:
    lines = []
    for person in sorted(documents, key=lambda one: str(one["contact_id"])):
        entries = sorted(
            (entry for entry in person["engagements"] if is_chosen(entry["campaign_id"], filters)),
            key=sent_order,
        )
        if not entries or len(entries) < (filters.min_campaigns_received or 1) or not passes(person, filters):
            continue
        if rows is Rows.CAMPAIGNS:
            lines += [line(person, of_entry(entry)) for entry in entries if did([entry], filters)]
        elif did(entries, filters):
            lines.append(line(person, of_entries(entries)))
    return lines


def is_chosen(campaign_id: str, filters: PeopleFilter) -> bool:
    name, sent = SENT.get(campaign_id, (None, None))
    if filters.campaign and not {campaign_id, name} & set(filters.campaign):
        return False
    if filters.sent_from is None and filters.sent_to is None:
        return True
    day = sent and sent.astimezone(OHIO).date()
    return day is not None and (filters.sent_from or day) <= day <= (filters.sent_to or day)


def sent_order(entry: Document) -> tuple[bool, bool, datetime, str]:
    campaign_id = entry["campaign_id"]
    sent = SENT.get(campaign_id, (None, None))[1]
    return campaign_id not in SENT, sent is None, sent or NOW, campaign_id


def did(entries: list[Document], filters: PeopleFilter) -> bool:
    """Whether the flags hold over the entries: each that is asked for of any, `not_opened` of all."""
    done = {flag for flag in FLAGS if any(entry[flag] for entry in entries)}
    return (
        all(flag in done for flag in FLAGS if getattr(filters, flag))
        and (not filters.engaged or bool(done & {"opened", "clicked"}))
        and not (filters.not_opened and "opened" in done)
    )


def passes(person: Document, filters: PeopleFilter) -> bool:
    home, record = person["residence_ref"], person["demographic_ref"]
    if home or record:
        state = MatchState.MATCHED
    else:
        state = MatchState.REVIEW if person["match_quality"] == "review" else MatchState.UNMATCHED
    burden = (record or {}).get("total_energy_burden")
    return (
        (not filters.match or state in filters.match)
        and (not filters.county or (home or record or {"county": None})["county"] in filters.county)
        and (not filters.zip or person["zip"] in filters.zip)
        and (
            filters.min_energy_burden is None or (burden is not None and burden >= filters.min_energy_burden)
        )
    )


def line(person: Document, middle: Row) -> Row:
    home, record = person["residence_ref"] or {}, person["demographic_ref"] or {}
    parcel = home or record
    fields = {tag.casefold(): value for tag, value in person["fields"].items()}

    def number(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return {
        "email": person["email_address"],
        **{name: field_text(fields.get(tag.casefold())) for name, tag in FIELD_TAGS.items()},
        **middle,
        "status": person["status"],
        "county": parcel.get("county"),
        "parcel_id": parcel.get("parcel_id"),
        "parcel_address": home.get("address"),
        "parcel_city": home.get("parcel_city"),
        "parcel_zip": home.get("parcel_zip"),
        "match_quality": parcel.get("quality") or person["match_quality"],
        "match_method": parcel.get("method"),
        "match_score": number(parcel.get("score")),
        "customer_name": record.get("customer_name"),
        "annual_kwh_cost": number(record.get("annual_kwh_cost")),
        "total_energy_burden": number(record.get("total_energy_burden")),
        "estimated_income": number(record.get("estimated_income")),
        "year_built": home.get("year_built"),
    }


def of_entry(entry: Document) -> Row:
    name, sent = SENT.get(entry["campaign_id"], (None, None))
    day = sent and sent.astimezone(OHIO).date()
    return {"campaign_name": name, "campaign_sent_at": day, **{flag: entry[flag] for flag in FLAGS}}


def of_entries(entries: list[Document]) -> Row:
    first = [entry["engaged_at"] for entry in entries if entry["engaged_at"]]
    last = [entry["last_engaged_at"] for entry in entries if entry["last_engaged_at"]]
    return {
        "campaigns_received": len(entries),
        **{f"campaigns_{flag}": sum(entry[flag] for entry in entries) for flag in FLAGS},
        "first_engaged_at": min(first, default=None),
        "last_engaged_at": max(last, default=None),
    }


CELLS = st.sampled_from(["", "1 OAK ST", "=1+1", "@x", '"a",\nb', 900, 1.5, 12.0, True])
PERSONS = st.builds(
    person_row,
    st.sampled_from("abcde"),
    st.sampled_from([None, "ann@example.com", "Bob@example.com", "+cy@example.com", "$dee@example.com"]),
    cell=st.sampled_from([None, "614-555-0101"]),
    zip_code=st.sampled_from([None, "43215"]),
    status=st.sampled_from(["subscribed", "unsubscribed"]),
    fields=st.none() | st.dictionaries(st.sampled_from(["Address", "kWh", "CITY", "Other"]), CELLS),
    updated=st.none() | st.integers(0, 3).map(at),
    match=st.sampled_from([None, HOME, HOME | RECORD | {"residence_match_quality": "exact"}, RECORD])
    | st.sampled_from(["review", "no_match"]).map(lambda quality: {"residence_match_quality": quality}),
    done=st.dictionaries(st.sampled_from(FLAGS), st.integers(0, 99).map(at), max_size=3),
)
MAILED = st.lists(
    st.tuples(
        st.sampled_from([*SENT, "lost"]),
        st.lists(PERSONS, max_size=4, unique_by=lambda one: one["contact_id"]),
    ),
    max_size=5,
)
DAYS = st.none() | st.sampled_from([date(2025, 9, 29), date(2026, 1, 1)])
FLAG_FILTERS = ["engaged", "opened", "clicked", "not_opened", "bounced", "unsubscribed"]


@st.composite
def filters_of_people(draw: st.DrawFn) -> PeopleFilter:
    """Few filters at a time, for many leave nobody."""
    first, last = draw(DAYS), draw(DAYS)
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "campaign": st.lists(
            st.sampled_from(["=Spring", "$spring", "autumn", "draft"]), min_size=1, max_size=2
        ),
        "sent_from": st.just(first),
        "sent_to": st.just(None if first and last and first > last else last),
        **dict.fromkeys(FLAG_FILTERS, st.just(True)),
        "match": st.sets(st.sampled_from(MatchState), min_size=1).map(tuple),
        "county": st.lists(st.sampled_from(["Franklin", "Morrow"]), min_size=1, max_size=2),
        "zip": st.lists(st.sampled_from(["43215", "04321"]), min_size=1, max_size=2),
        "min_energy_burden": st.sampled_from([0.0, 0.0612345, 0.07]),
        "min_campaigns_received": st.integers(1, 3),
    }
    others = sorted(strategies.keys() - set(FLAG_FILTERS))
    names = draw(st.sets(st.sampled_from(FLAG_FILTERS), max_size=2)) | draw(
        st.sets(st.sampled_from(others), max_size=2)
    )
    if {"opened", "not_opened"} <= names:
        names.remove("opened")
    return PeopleFilter(**{name: draw(strategies[name]) for name in sorted(names)})


@given(mailed=MAILED, filters=st.lists(filters_of_people(), min_size=5, max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rows_are_what_plain_python_makes_of_the_documents(
    people: Database[Document],
    tmp_path: Path,
    mailed: list[tuple[str, list[Row]]],
    filters: list[PeopleFilter],
) -> None:
    people[PEOPLE].delete_many({})
    for campaign_id, contacts in mailed:
        receive(people, campaign_id, *contacts)
    documents = list(people[PEOPLE].find())
    for one in [EVERYBODY, *filters]:
        for rows in Rows:
            written = write(people, tmp_path / "people.parquet", one, rows)
            found = values(written)
            assert found == expected(documents, one, rows)
            assert written.rows == len(found)
            assert written.people == len(
                {id(person) for person in documents if expected([person], one, rows)}
            )


def test_flags_are_of_one_mail_in_rows_of_campaigns_and_of_any_in_rows_of_people(
    people: Database[Document], tmp_path: Path
) -> None:
    receive(people, "$spring", person_row("a", "ann@example.com", opened=at(1)))
    receive(people, "autumn", person_row("a", "ann@example.com", clicked=at(2)))

    def names(**filters: Any) -> list[str]:
        written = write(people, tmp_path / "people.parquet", PeopleFilter(**filters))
        return [row["campaign_name"] for row in values(written)]

    def count(**filters: Any) -> int:
        return write(people, tmp_path / "people.parquet", PeopleFilter(**filters), Rows.PEOPLE).rows

    assert names(engaged=True) == ["Fall, 2025", "=Spring"]
    assert names(opened=True) == ["=Spring"]
    assert names(not_opened=True) == ["Fall, 2025"]
    assert names(opened=True, clicked=True) == []
    assert names(opened=True, campaign=("autumn",)) == []
    assert count(opened=True, clicked=True) == 1
    assert count(not_opened=True) == 0
    assert count(not_opened=True, campaign=("autumn",)) == 1
    assert count(min_campaigns_received=2) == 1
    assert count(min_campaigns_received=2, campaign=("autumn",)) == 0


def test_more_people_than_are_read_at_once_come_in_their_order(
    people: Database[Document], tmp_path: Path
) -> None:
    everybody = [
        person_row(f"contact-{n}", f"person{n:05}@example.com", opened=at(n % 50)) for n in range(2_345)
    ]
    receive(people, "$spring", *reversed(everybody))
    receive(people, "autumn", *everybody)
    written = write(people, tmp_path / "people.parquet", PeopleFilter(campaign=("autumn", "$spring")))
    assert (written.rows, written.people, written.campaigns) == (4_690, 2_345, 2)
    rows = values(written)
    assert [row["email"] for row in rows] == [f"person{n // 2:05}@example.com" for n in range(4_690)]
    assert [row["campaign_name"] for row in rows] == ["Fall, 2025", "=Spring"] * 2_345
    flags = {**dict.fromkeys(FLAGS, False), "opened": True}
    assert written.sample[0] == {
        "email_address": "person00000@example.com", "status": "SUBSCRIBED", **flags,
    }  # fmt: skip
