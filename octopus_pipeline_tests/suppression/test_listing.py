"""Who is erased is remembered as keyed hashes: by the right key alone, whatever becomes of the database."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from octopus_pipeline.settings import Settings
from octopus_pipeline.suppression import listing
from octopus_pipeline.suppression.identifiers import Identifier, Kind
from octopus_pipeline.suppression.key import KEY_FILE, SuppressionKeyError
from octopus_pipeline.suppression.suppressed import NOBODY

ANN = Identifier(Kind.EMAIL, "ann@example.com")
NOW = datetime(2026, 3, 1, tzinfo=UTC)

Documents = Database[dict[str, Any]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


def settings_of(folder: Path, **more: object) -> Settings:
    return Settings.model_validate({"octopus_data_dir": folder, **more})


def add_ann(database: Documents, settings: Settings) -> None:
    suppressed = listing.begin(database, settings)
    suppressed.add([ANN])
    listing.store(database, settings, suppressed, NOW)


def test_where_nobody_was_ever_erased_there_is_neither_list_nor_key(
    mongo_database: Documents, settings: Settings
) -> None:
    assert listing.load(mongo_database, settings) is NOBODY
    assert not NOBODY
    assert mongo_database.list_collection_names() == []
    assert list(settings.data_dir.iterdir()) == []


def test_only_keyed_hashes_are_kept_and_the_key_is_its_owners_alone(
    mongo_database: Documents, settings: Settings
) -> None:
    add_ann(mongo_database, settings)
    key = settings.data_dir / KEY_FILE
    assert (
        stat.S_IMODE(key.stat().st_mode)
        == stat.S_IMODE((key.parent / listing.LIST_FILE).stat().st_mode)
        == 0o600
    )
    documents = list(mongo_database[listing.SUPPRESSED].find({"_id": {"$ne": "key"}}))
    assert [one.keys() for one in documents] == [{"_id", "at"}]
    kept = "".join(map(str, mongo_database[listing.SUPPRESSED].find()))
    assert "ann" not in kept
    assert key.read_text().strip() not in kept + (key.parent / listing.LIST_FILE).read_text()
    suppressed = listing.load(mongo_database, settings)
    assert suppressed.is_person("ann@example.com", None)
    assert not suppressed.is_person("anna@example.com", None)


def test_another_key_or_none_is_an_error_and_never_a_miss(
    mongo_database: Documents, settings: Settings, tmp_path: Path
) -> None:
    add_ann(mongo_database, settings)
    other = settings_of(tmp_path / "elsewhere")
    for act in (listing.load, listing.begin):
        with pytest.raises(SuppressionKeyError, match=r"is not there: .*suppression\.key"):
            act(mongo_database, other)
    wrong = settings_of(tmp_path, octopus_suppression_key="x" * 32)
    for act in (listing.load, listing.begin):
        with pytest.raises(SuppressionKeyError, match="another than the one"):
            act(mongo_database, wrong)
    (settings.data_dir / KEY_FILE).write_text("cut")
    with pytest.raises(SuppressionKeyError, match="cannot be read"):
        listing.load(mongo_database, settings)


def test_machines_with_the_same_setting_recognise_the_same_people(
    mongo_database: Documents, tmp_path: Path
) -> None:
    one, other = (
        settings_of(tmp_path / name, octopus_suppression_key="the same on every machine we have")
        for name in ("one", "other")
    )
    add_ann(mongo_database, one)
    assert listing.load(mongo_database, other).is_person("ann@example.com", None)
    assert not (tmp_path / "one" / KEY_FILE).exists()


def test_the_list_outlives_the_database_also_if_its_copy_was_cut_off(
    mongo_database: Documents, settings: Settings
) -> None:
    add_ann(mongo_database, settings)
    copy = settings.data_dir / listing.LIST_FILE
    before = list(mongo_database[listing.SUPPRESSED].find({}, {"at": False}))
    mongo_database.drop_collection(listing.SUPPRESSED)
    assert listing.load(mongo_database, settings).is_person("ann@example.com", None)
    assert list(mongo_database[listing.SUPPRESSED].find({}, {"at": False})) == before
    copy.write_text(copy.read_text()[:-10])
    assert listing.load(mongo_database, settings).is_person("ann@example.com", None)
    mongo_database.drop_collection(listing.SUPPRESSED)
    assert listing.load(mongo_database, settings).is_person("ann@example.com", None)
