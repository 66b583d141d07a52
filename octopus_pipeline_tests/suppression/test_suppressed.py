"""Who is recognised, however written, and who is not; and what becomes of their rows, as laws."""

from __future__ import annotations

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS, REPORT_SCHEMA
from octopus_pipeline.suppression.identifiers import (
    Identifier,
    Kind,
    NoIdentifierError,
    emails_in,
    identifier_of,
    phones_in,
)
from octopus_pipeline.suppression.rows import contacts_of_campaign, contacts_of_list
from octopus_pipeline.suppression.suppressed import PSEUDONYM, Suppressed

ANN, BOB = "ann@example.com", "bob@example.com"
PHONE, OTHER_PHONE = "6145550101", "6145550102"


def suppressed(*identifiers: Identifier) -> Suppressed:
    found = Suppressed(b"key", ())
    found.add(identifiers)
    return found


@pytest.mark.parametrize("text", ["ann@example.com", " ANN@Example.COM\n", "\tAnn@example.com "])
def test_an_address_is_the_same_however_written(text: str) -> None:
    assert identifier_of(text) == Identifier(Kind.EMAIL, ANN)


@pytest.mark.parametrize(
    "text", ["6145550101", "(614) 555-0101", "+1 614.555.0101", "1-614-555-0101", "614 555 0101 ext. 7"]
)
def test_a_telephone_number_is_the_same_however_written(text: str) -> None:
    assert identifier_of(text) == Identifier(Kind.PHONE, PHONE)


@pytest.mark.parametrize(
    "text", ["", "zoe", "zoe@", "@", "5550109", "0145550109", "zoe @example.com", "-1", "NA"]
)
def test_what_is_neither_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(NoIdentifierError) as refused:
        identifier_of(text)
    assert "neither an e-mail address" in str(refused.value)
    assert not any(part in str(refused.value) for part in ("zoe", "0109"))


def test_a_number_alone_is_only_whoever_names_no_other_address() -> None:
    alone = suppressed(Identifier(Kind.PHONE_ALONE, PHONE))
    assert alone.is_person(None, PHONE)
    assert not alone.is_person(BOB, PHONE)
    everyone = suppressed(Identifier(Kind.PHONE, PHONE))
    assert everyone.is_person(None, PHONE)
    assert everyone.is_person(BOB, PHONE)
    assert not everyone.is_person(None, OTHER_PHONE)


def test_one_name_teaches_the_others() -> None:
    found = suppressed(Identifier(Kind.EMAIL, ANN))
    found.learned.clear()
    assert found.is_contact("c1", ANN, PHONE)
    assert found.is_contact("c1", "ann.new@example.com", None)
    assert found.is_contact("c2", "ann.new@example.com", None)
    assert not found.is_contact("c3", BOB, PHONE)
    assert len(found.learned) == 3


@pytest.mark.parametrize(
    "text",
    [
        ANN,
        f"<{ANN}>",
        f"Ann <{ANN.upper()}>; Bob <{BOB}>",
        f"ask {ANN}.",
        f"'={ANN}",
        f"mailto:{ANN}?subject=x",
        f"https://example.org/?who={ANN}&x",
        orjson.dumps({"said": f"\n{ANN}\n"}).decode(),
        f'"{ANN}","x"',
        f"'{ANN}'",
        f"'+{ANN}",
        f"o'neil{ANN} or '{ANN}'.",
    ],
)
def test_an_address_is_found_wherever_it_stands_in_a_text(text: str) -> None:
    assert ANN in emails_in(text)


@pytest.mark.parametrize("text", ["{}", '"{}","x"', "<{}>", "'{}'", "'={}", "ask {}."])
def test_an_apostrophe_within_an_address_is_part_of_it(text: str) -> None:
    found = set(emails_in(text.format("Ann.O'Neil@example.com")))
    assert "ann.o'neil@example.com" in found
    assert "neil@example.com" not in found


@pytest.mark.parametrize("text", ["6145550101", "(614) 555-0101", "x,+1 614 555 0101;y", '"614.555.0101"'])
def test_a_number_is_found_in_a_text_but_not_within_longer_ones(text: str) -> None:
    assert list(phones_in(text)) == [PHONE]
    assert list(phones_in(f"9{PHONE}9 010-000123-00 {PHONE}x")) == []


CONTACTS = st.sampled_from(["c1", "c2", "c3", "c4"])
EMAILS = st.none() | st.sampled_from([ANN, ANN.upper(), BOB, "carl@example.com", "no address"])
PHONES = st.none() | st.sampled_from([PHONE, "(614) 555-0101", OTHER_PHONE, "1"])
IDENTIFIERS = st.builds(Identifier, st.just(Kind.EMAIL), st.sampled_from([ANN, BOB])) | st.builds(
    Identifier, st.sampled_from([Kind.PHONE, Kind.PHONE_ALONE]), st.just(PHONE)
)


@st.composite
def batches(draw: st.DrawFn, schema: pa.Schema) -> pa.RecordBatch:
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        cell = draw(PHONES)
        row = {
            "contact_id": draw(CONTACTS),
            "email_address": draw(EMAILS),
            "cell": cell,
            "address": "345 MAPLE LN",
        }
        row |= {
            "fields": draw(st.none() | st.just(orjson.dumps({"Cell": cell}).decode())),
            "status": "subscribed",
        }
        rows.append({**dict.fromkeys(schema.names), **row, **{flag: draw(st.booleans()) for flag in FLAGS}})
    return pa.RecordBatch.from_pylist(
        [{name: one[name] for name in schema.names} for one in rows], schema=schema
    )


@pytest.mark.parametrize("schema", [REPORT_SCHEMA, ENGAGEMENT_SCHEMA], ids=["report", "engagement"])
@given(st.data())
def test_rows_keep_their_number_and_what_was_done_and_nothing_else_of_the_erased(
    schema: pa.Schema, data: st.DataObject
) -> None:
    batch, found = data.draw(batches(schema)), suppressed(*data.draw(st.lists(IDENTIFIERS, max_size=2)))
    kept, erased, more = batch, 0, 1
    while more:  # what the last row taught may concern the first
        kept, more = contacts_of_campaign(found, kept)
        erased += more
    rows = list(zip(batch.to_pylist(), kept.to_pylist(), strict=True))
    assert sum(new["contact_id"].startswith(PSEUDONYM) for _, new in rows) == erased
    assert len({old["contact_id"] for old, _ in rows}) == len({new["contact_id"] for _, new in rows})
    for old, new in rows:
        if new["contact_id"] == old["contact_id"]:
            assert new == old
            assert (old["email_address"] or "").lower() not in {ANN, BOB} or not found.is_person(
                old["email_address"].lower(), None
            )
        else:
            done = {name for name in schema.names if name in FLAGS or name.endswith("_at")} - {
                "contact_updated_at"
            }
            assert {name: new[name] for name in done} == {name: old[name] for name in done}
            assert not any(value for name, value in new.items() if name not in done | {"contact_id"})
    assert contacts_of_list(found, batch)[0].num_rows == batch.num_rows - erased
