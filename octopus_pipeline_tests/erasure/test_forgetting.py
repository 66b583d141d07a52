"""Who is erased is so everywhere, every count stays, nobody else is touched, and no later sync brings them back."""

from __future__ import annotations

import copy
import gzip
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from octopus_pipeline.emailoctopus.records import ContactStatus, Report
from octopus_pipeline.erasure.certificate import certificates_of
from octopus_pipeline.erasure.forgetting import ERASERS
from octopus_pipeline.erasure.person import SharedPhoneError
from octopus_pipeline.sandbox.account import Account, Contact, Event
from octopus_pipeline.suppression.suppressed import PSEUDONYM
from octopus_pipeline.sync.database import MATCH_DECISIONS
from octopus_pipeline.sync.migration import roll_back_migration, run_migration
from octopus_pipeline_tests.erasure.world import ANN, BOB, NEEDLES, PHONE, World, change_fields
from octopus_pipeline_tests.people.migration.conftest import QUIET

if TYPE_CHECKING:
    from octopus_pipeline.erasure.erasure import Eraser, Erasure

Worlds = Callable[..., World]


def anns(account: Account) -> list[Contact]:
    return [one for one in account.contacts.values() if one.email_address.lower() == ANN.lower()]


def ids(account: Account) -> tuple[bytes, ...]:
    return tuple(one.id.encode() for one in anns(account))


def test_nothing_of_the_person_is_left_in_any_byte_and_every_count_is_what_it_was(world: World) -> None:
    wanted = (*NEEDLES, *ids(world.bench.account))
    assert len(ids(world.bench.account)) == 2
    before, places = world.counts(), world.places_of(*wanted)
    kinds = {"campaigns.participants", "people.participants", "campaigns.household_matches"}
    folders = ["contacts", "engagement", "reports/sent", "residence_matches", "demographic_matches"]
    folders += ["county_demographic"]
    assert kinds <= places
    for folder in ("exports", "county_index", *(f"tables/{one}" for one in folders)):
        assert any(place.startswith(f"{folder}/") for place in places), folder
    certificate = world.forget(" ann.NEEDLE@example.com")
    assert world.places_of(*wanted) == set()
    assert world.counts() == before
    assert not any(needle.decode() in certificate.markdown().lower() for needle in wanted)
    assert {duty.who for duty in certificate.duties} == {
        "the owner of the records of Franklin County",
        "whoever runs the MongoDB server",
    }
    assert "1 records" in certificate.duties[0].what
    [kept] = certificates_of(world.connections.database, str(certificate.who))
    assert kept.markdown() == certificate.markdown()


def test_everybody_else_stays_as_they_were_but_for_the_persons_name_in_the_customers_record(
    world: World,
) -> None:
    account = world.bench.account
    own = {one.id for one in anns(account)}
    tables = ("reports/sent", "reports/opened", "engagement", "residence_matches", "demographic_matches")
    before = {table: world.rows(table) for table in tables}
    documents = list(world.connections.database.participants.find({"contact_id": {"$nin": [*own]}}))
    people = [one for one in world.people() if one["email_address"] not in {ANN, ANN.upper()}]
    csvs = csv_lines(world)
    world.forget(ANN)
    for table in tables:
        after = {key: row for key, row in world.rows(table).items() if not key[1].startswith(PSEUDONYM)}
        others = {key: row for key, row in before[table].items() if key[1] not in own}
        assert [key for key in others if others[key] != after.get(key)] == [
            key
            for key, row in others.items()
            if table == "demographic_matches" and row["email"] == ANN.lower()
        ]
        assert after.keys() == others.keys()
    kept = world.connections.database.participants.find({"contact_id": {"$not": {"$regex": f"^{PSEUDONYM}"}}})
    assert sorted(map(repr, kept)) == sorted(map(repr, documents))
    bob = world.person(BOB)
    assert bob["demographic_ref"]["parcel_id"]
    assert bob["demographic_ref"]["customer_name"] is None
    still = {one["contact_id"]: one for one in world.people()}
    assert [one["contact_id"] for one in people if still[one["contact_id"]] != one] == [BOB]
    for path, lines in csv_lines(world).items():
        new = [line for line in lines if line not in csvs[path]]
        gone = [line for line in csvs[path] if line not in lines]
        assert all("needle" in line.lower() or "quillwort" in line.lower() for line in gone)
        assert not any("needle" in line.lower() or "quillwort" in line.lower() for line in new)
        assert len(new) <= 3


def test_a_rows_place_does_not_tell_how_the_address_began_and_matches_stay_beside_it(world: World) -> None:
    world.forget(ANN)
    tables = world.connections.tables
    for key in tables.partitions("engagement"):
        rows = tables.read("engagement", key, ["email_address", "contact_id"]).to_pylist()
        order = [
            (row["email_address"] is None, (row["email_address"] or "").lower(), row["contact_id"])
            for row in rows
        ]
        assert order == sorted(order)
        for table in ("residence_matches", "demographic_matches"):
            matches = tables.read(table, key).to_pylist()
            assert [one["contact_id"] for one in matches] == [row["contact_id"] for row in rows]
            erased = [one for one in matches if one["contact_id"].startswith(PSEUDONYM)]
            assert {(one["match_quality"], one["reason"]) for one in erased} <= {("no_match", "erased")}


def csv_lines(world: World) -> dict[str, list[str]]:
    return {path.name: path.read_text().splitlines() for path in world.bench.csvs.glob("*.csv")}


@pytest.mark.parametrize("version", ["v2", "v1.6"])
def test_no_later_sync_brings_the_person_back_or_counts_anything_twice(
    new_world: Worlds, synced: World, version: str
) -> None:
    account = copy.deepcopy(synced.bench.account)
    wanted = (*NEEDLES, *ids(account))
    world = new_world(account, version=version)
    before = world.counts()
    world.forget(ANN)
    world.connections.database.sync_state.delete_many({"kind": "list"})  # the lists are read whole
    world.sync()
    assert world.places_of(*wanted) == set()
    assert world.counts() == before


def test_a_new_contact_with_the_address_is_the_person_also_after_it_was_deleted(world: World) -> None:
    account, first = world.bench.account, anns(world.bench.account)[0]
    world.forget(ANN)
    known = len(list(world.connections.database.suppressed.find()))
    campaign = next(one for one, reports in account.events.items() if not_mailed(reports, account))
    new = copy.deepcopy(first)
    new.id = "0" * 8 + first.id[8:]
    new.last_updated_at = account.now + timedelta(minutes=1)
    account.contacts[new.id] = new
    account.events[campaign][Report.SENT].append(Event(new.id, None))
    world.connections.database.sync_state.delete_many({"kind": "list"})
    world.sync()
    assert world.places_of(*NEEDLES, new.id.encode()) == set()
    assert len(list(world.connections.database.suppressed.find())) == known + 1
    counts = world.counts()
    del account.contacts[new.id]  # now its reports tell the id and no address
    world.sync()
    assert world.places_of(*NEEDLES, new.id.encode()) == set()
    assert world.counts() == counts


def not_mailed(reports: dict[Report, list[Event]], account: Account) -> bool:
    own = {one.id for one in anns(account)}
    return not any(event.contact_id in own for event in reports[Report.SENT])


class KilledError(Exception):
    """The process ends here."""


def killed_after(eraser: Eraser, entries: int) -> Eraser:
    def interrupted(erasure: Erasure) -> Any:
        for number, entry in enumerate(eraser(erasure)):
            if number == entries:
                raise KilledError
            yield entry
        raise KilledError

    return interrupted


def test_killed_in_any_place_and_run_again_it_comes_to_the_same_and_twice_is_once(
    world: World, forgotten: dict[str, Any]
) -> None:
    for place in range(len(ERASERS)):
        with pytest.raises(KilledError):
            world.forget(ANN, [*ERASERS[:place], killed_after(ERASERS[place], 1)])
    world.forget(ANN)
    assert world.state() == forgotten
    again = world.forget(ANN)
    assert world.state() == forgotten
    assert not again.removed


@pytest.mark.parametrize("files", [3, 20])
def test_killed_between_any_two_files_and_run_again_it_comes_to_the_same(
    world: World, forgotten: dict[str, Any], monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    left = files
    replace = Path.replace

    def counted(path: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", counted)
    with pytest.raises(KilledError):
        world.forget(ANN)
    monkeypatch.undo()
    world.forget(ANN)
    assert world.state() == forgotten


def test_a_telephone_number_of_several_people_names_none_of_them_unless_everyone_is_meant(
    world: World,
) -> None:
    with pytest.raises(SharedPhoneError, match="2 people"):
        world.forget("(614) 555 0173")
    assert world.places_of(NEEDLES[0])
    world.forget("+1 614-555-0173", everyone=True)
    assert world.places_of(*NEEDLES, BOB.encode(), PHONE.encode()) == set()


def test_an_unknown_number_or_address_is_suppressed_so_that_no_later_contact_comes_in(world: World) -> None:
    account = world.bench.account
    for who in ("614.555.0188", "carl.unknown@example.com"):
        certificate = world.forget(who)
        assert not certificate.removed
        assert "Nothing was found" in certificate.markdown()
    before = world.counts()
    mailed = {event.contact_id for reports in account.events.values() for event in reports[Report.SENT]}
    by_phone, by_email = [
        one for one in account.contacts.values() if one.id in mailed and not one.email_address.startswith("a")
    ][:2]
    by_phone.email_address, by_email.email_address = "dora.unknown@example.com", "Carl.Unknown@example.com"
    change_fields(by_phone, Cell="614 555 0188")
    for one in (by_phone, by_email):
        one.status, one.last_updated_at = ContactStatus.SUBSCRIBED, account.now
    world.connections.database.sync_state.delete_many({"kind": "list"})
    world.sync()
    assert world.places_of(b"dora.unknown", b"carl.unknown") == set()
    world.forget(None)  # people who were known by other names, too
    assert world.counts() == before


def test_files_for_people_lose_the_person_and_nothing_else(world: World) -> None:
    exports, settings = world.bench.csvs, world.connections.settings
    others = 'who,said\r\n"bob@example.com","two\r\nlines"\r\n\u00e9;x,\udcff\r\n'
    row = '"ANN.needle@example.com","she said\r\n""no"""\r\n'
    (exports / "for the agency.csv").write_bytes((others + row).encode(errors="surrogateescape"))
    (exports / "semicolons.csv").write_text('a;b\r\nx;"one\r\nann.needle@example.com"\r\ny;z\r\n')
    (exports / "notes.txt").write_text("call ann.needle@example.com.")
    (exports / "kept.txt").write_text("call bob@example.com or ann.needle@example.org")
    with zipfile.ZipFile(exports / "sheet.xlsx", "w", zipfile.ZIP_DEFLATED) as sheet:
        sheet.writestr("xl/sharedStrings.xml", f"<si><t>{ANN}</t></si><si><t>x</t></si>")
    pq.write_table(pa.table({"email": ["x@example.com", ANN]}), exports / "all.parquet")
    (exports / f"{ANN}.txt").write_text("")
    decisions = (
        f"email,decision,comment\n{BOB},right,\n{anns(world.bench.account)[0].id},wrong,\n{ANN},wrong,\n"
    )
    settings.decisions_file.write_text(decisions)
    world.connections.database[MATCH_DECISIONS].insert_many(
        [{"email": ANN, "decision": "wrong"}, {"email": BOB, "decision": "right"}]
    )
    certificate = world.forget(ANN)
    removed = {one.where: (one.what, one.count) for one in certificate.removed if one.place == "exports"}
    assert removed == {
        "for the agency.csv": ("rows removed", 1),
        "semicolons.csv": ("rows removed", 1),
        "notes.txt": ("file removed", 1),
        "sheet.xlsx": ("file removed", 1),
        "all.parquet": ("file removed", 1),
        "a file named after the person": ("removed", 1),
    }
    assert (exports / "for the agency.csv").read_bytes() == others.encode(errors="surrogateescape")
    assert (exports / "semicolons.csv").read_bytes() == b"a;b\r\ny;z\r\n"
    assert (exports / "kept.txt").exists()
    assert settings.decisions_file.read_text() == f"email,decision,comment\n{BOB},right,\n"
    assert [one["email"] for one in world.connections.database[MATCH_DECISIONS].find()] == [BOB]


def test_after_a_backup_was_restored_everybody_is_erased_again(
    world: World, forgotten: dict[str, Any]
) -> None:
    before = world.counts()
    backup = {name: list(database.participants.find()) for name, database in world.databases().items()}
    world.forget(ANN)
    for name, database in world.databases().items():
        database.participants.drop()
        database.participants.insert_many(backup[name])
    world.connections.database.suppressed.drop()
    world.forget(None)
    assert world.places_of(*NEEDLES) == set()
    assert world.counts() == before
    databases = world.state()["databases"]
    assert {name: databases[name] for name in forgotten["databases"]} == forgotten["databases"]


def test_what_killed_processes_left_beside_goes_as_a_whole(world: World) -> None:
    settings, people = world.connections.settings, world.connections.people_database
    person = people["participants"].find_one({"email_address": ANN})
    assert person
    for name in ("restored_participants", "incoming_people_1772323200_0123"):
        people[name].insert_one(person)
    (settings.data_dir / "backups").mkdir()
    unfinished = [
        settings.data_dir / "backups" / ".archive_0123.tmp",
        settings.decisions_file.with_name(f".{settings.decisions_file.name}.0123.tmp"),
        settings.export_dir / ".consolidated.csv.0123.tmp",
        settings.county_index_dir / ".Franklin.arrow.0123.tmp",
        world.connections.scratch_folder / "spilled",
    ]
    for path in unfinished:
        path.write_bytes(NEEDLES[0])
    assert {"people.restored_participants", "backups/.archive_0123.tmp"} <= world.places_of(*NEEDLES)
    world.forget(ANN)
    assert world.places_of(*NEEDLES) == set()
    assert not any(path.exists() for path in unfinished)


def test_migrations_backups_lose_the_person_and_can_still_be_restored(world: World) -> None:
    migration = run_migration(world.connections, QUIET)
    backup = Path(migration.backup)
    assert any(needle in gzip.decompress(backup.read_bytes()).lower() for needle in NEEDLES)
    before = world.counts()
    certificate = world.forget(ANN)
    assert "backup" in {one.place for one in certificate.removed}
    assert not any(needle in gzip.decompress(backup.read_bytes()).lower() for needle in NEEDLES)
    assert backup.stat().st_mode & 0o777 == 0o600
    roll_back_migration(world.connections, QUIET)
    assert world.places_of(*NEEDLES) == set()
    assert world.counts() == before
    (theirs,) = (one for one in world.people() if one["contact_id"].startswith(f"contact:{PSEUDONYM}"))
    assert theirs["campaigns_received"] > 1
