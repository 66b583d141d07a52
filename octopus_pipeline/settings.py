"""Every setting: read from the environment and `.env` once, validated, with a message per wrong one."""

from __future__ import annotations

import difflib
import os
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable

API_BASE_URLS = {"v2": "https://api.emailoctopus.com", "v1.6": "https://emailoctopus.com"}
"""Where each API version lives (documented)."""

OWN_PREFIXES = ("EMAILOCTOPUS_", "MONGO_", "OCTOPUS_")
"""What the names of our settings begin with; MONGO_ begins names of other programs, too."""

_ALIKE = 0.8
"""How alike two names are, of 1, if one may be the other misspelt."""


class SettingsError(PipelineError):
    """One or more settings are wrong; the message names each with what to do."""


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        message = f"{name!r} is no time zone; use an IANA name such as America/New_York"
        raise ValueError(message) from error
    return name


class Settings(BaseSettings):
    """The project's settings; each field's environment variable is its name in upper case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    emailoctopus_api_key: SecretStr | None = Field(None, description="API key of the EmailOctopus account.")
    emailoctopus_api_version: Literal["v2", "v1.6"] = Field(
        "v2", description="API version; legacy keys work with v1.6 only."
    )
    emailoctopus_base_url: str | None = Field(
        None, description="Another server than EmailOctopus's own, such as the sandbox."
    )
    emailoctopus_requests_per_second: float = Field(
        10, gt=0, le=10_000, description="The account's sustained limit."
    )
    emailoctopus_burst: int = Field(
        100, ge=1, le=100_000, description="Requests the account may send at once."
    )
    emailoctopus_connections: int = Field(16, ge=1, le=256, description="Concurrent requests.")
    emailoctopus_timeout_seconds: float = Field(
        30, gt=0, description="How long to wait for a connection, and for the next bytes of an answer."
    )
    emailoctopus_max_attempts: int = Field(8, ge=1, le=50, description="Attempts a request before giving up.")

    mongo_connection_url: SecretStr | None = Field(
        None, description="MongoDB connection string; empty means the embedded server."
    )
    mongo_database: str = Field(
        "emailoctopus_db",
        pattern=r'^[^/\\. "$*<>:|?\x00]{1,63}$',
        description="Database of campaigns and participants.",
    )
    mongo_county_database: str = Field(
        "empower_development",
        pattern=r'^[^/\\. "$*<>:|?\x00]{1,63}$',
        description="Database of county records; only `octopus counties load` writes to it.",
    )
    mongo_people_database: str = Field(
        "empowersave_development",
        pattern=r'^[^/\\. "$*<>:|?\x00]{1,63}$',
        description="Database of people: one document a person.",
    )
    mongo_timeout_seconds: float = Field(5, gt=0, description="How long to look for the MongoDB server.")

    octopus_data_dir: Path = Field(Path("data"), description="Everything the project keeps on this machine.")
    octopus_tables_url: str | None = Field(
        None, description="Folder or fsspec URL of the Parquet tables; default: tables in the data folder."
    )
    octopus_export_dir: Path | None = Field(
        None, description="Folder of the CSVs; default: exports in the data folder."
    )
    octopus_county_dir: Path | None = Field(
        None,
        description="Folder of county files for `octopus counties load`; default: counties in the data folder.",
    )
    octopus_time_zone: Annotated[str, AfterValidator(_known_time_zone)] = Field(
        "America/New_York", description="Time zone of schedules and of daily partitions."
    )
    octopus_writer_processes: int = Field(
        3,
        ge=0,
        le=64,
        description="Processes that merge and write campaigns if the limit is 50 requests a second or more; "
        "0: none, threads do it.",
    )
    octopus_live_window_days: float = Field(
        30,
        ge=0,
        le=36_500,
        description="Days after sending in which a campaign's reports are watched for changes.",
    )
    octopus_contacts_max_age_minutes: float = Field(
        60,
        ge=0,
        le=525_600,
        description="How old the copy of a contact list may be when a campaign is merged.",
    )
    octopus_drift_fail_percent: float = Field(
        2,
        ge=0,
        le=100,
        description="A report that differs from its summary by more than this fails its campaign.",
    )
    octopus_drift_fail_contacts: int = Field(
        5, ge=0, description="... unless it differs by no more than this many contacts."
    )
    octopus_decisions_file: Path | None = Field(
        None, description="CSV of analysts' decisions on matches; default: decisions.csv in the data folder."
    )
    octopus_suppression_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key by which erased people are recognised, the same on every machine; default: a file that is "
        "made in the data folder.",
    )
    octopus_residence_share: float = Field(
        0.70, ge=0, le=1, description="Share of a campaign's contacts whose residence should be found."
    )
    octopus_demographic_share: float = Field(
        0.50,
        ge=0,
        le=1,
        description="Share of a campaign's contacts whose demographic record should be found.",
    )
    octopus_review_share: float = Field(
        0.10, ge=0, le=1, description="Largest share of a campaign's contacts that may be left to review."
    )
    octopus_largest_fall_points: float = Field(
        5,
        ge=0,
        le=100,
        description="Points by which a match rate, or percent by which a county's records, may fall from one run to "
        "the next.",
    )
    octopus_alert_webhook_url: SecretStr | None = Field(
        None, description="Slack-format webhook that hears of failed runs."
    )
    dagster_home_dir: Path | None = Field(
        None, alias="DAGSTER_HOME", description="Dagster's own data; default: dagster in the data folder."
    )
    octopus_automation: bool = Field(
        default=True, description="Whether sensors and schedules start switched on."
    )
    octopus_daily_start: date = Field(date(2024, 1, 1), description="First day of the daily partitions.")

    @field_validator(
        "emailoctopus_api_key",
        "emailoctopus_base_url",
        "mongo_connection_url",
        "octopus_tables_url",
        "octopus_export_dir",
        "octopus_county_dir",
        "octopus_decisions_file",
        "octopus_suppression_key",
        "octopus_alert_webhook_url",
        "dagster_home_dir",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("octopus_data_dir", mode="before")
    @classmethod
    def _empty_is_default(cls, value: object) -> object:
        # Else it would be the current folder, and `octopus clean` would remove what lies there.
        return Path("data") if isinstance(value, str) and not value.strip() else value

    @field_validator("emailoctopus_base_url", "octopus_alert_webhook_url")
    @classmethod
    def _http_url(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is not None and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).netloc):
            message = "must be an http:// or https:// address"
            raise ValueError(message)
        return value

    @field_validator("mongo_connection_url")
    @classmethod
    def _mongo_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
            message = "must start with mongodb:// or mongodb+srv://"
            raise ValueError(message)
        return value

    @property
    def api_base_url(self) -> str:
        """The server asked for the account: the one set, else EmailOctopus's own for the API version."""
        return self.emailoctopus_base_url or API_BASE_URLS[self.emailoctopus_api_version]

    @property
    def data_dir(self) -> Path:
        """The data folder, absolute."""
        return self.octopus_data_dir.resolve()

    @property
    def tables_url(self) -> str:
        """Where the Parquet tables are."""
        return self.octopus_tables_url or str(self.data_dir / "tables")

    @property
    def export_dir(self) -> Path:
        """Where the CSVs go, absolute."""
        return (self.octopus_export_dir or self.data_dir / "exports").resolve()

    @property
    def county_dir(self) -> Path:
        """Where county files lie that are to be loaded, absolute."""
        return (self.octopus_county_dir or self.data_dir / "counties").resolve()

    @property
    def decisions_file(self) -> Path:
        """The CSV of analysts' decisions on matches, absolute; it need not be there."""
        return (self.octopus_decisions_file or self.data_dir / "decisions.csv").resolve()

    @property
    def county_index_dir(self) -> Path:
        """Where the counties' prepared forms are, absolute: one memory-mapped file a county, on this machine."""
        return self.data_dir / "county_index"

    @property
    def dagster_home(self) -> Path:
        """Where Dagster keeps runs and events, absolute."""
        return (self.dagster_home_dir or self.data_dir / "dagster").resolve()

    @property
    def time_zone(self) -> ZoneInfo:
        """The time zone of schedules and of daily partitions."""
        return ZoneInfo(self.octopus_time_zone)

    @property
    def live_window(self) -> timedelta:
        """How long after sending a campaign's reports are watched for changes."""
        return timedelta(days=self.octopus_live_window_days)

    @property
    def contacts_max_age(self) -> timedelta:
        """How old the copy of a contact list may be when a campaign is merged."""
        return timedelta(minutes=self.octopus_contacts_max_age_minutes)


def _misspelt(environment: Iterable[str], env_file: Iterable[str]) -> list[str]:
    """A line a name that is none of ours but looks as if it were meant to be one."""
    known = {name.upper() for name in Settings.model_fields} | {"DAGSTER_HOME"}
    problems = []
    for name in sorted(
        {name.upper() for name in environment if name.upper().startswith(OWN_PREFIXES)} | set(env_file)
    ):
        if name.upper() in known:
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=_ALIKE)
        if near:
            problems.append(f"{name}: no such setting; did you mean {near[0]}?")
        elif name.upper().startswith(OWN_PREFIXES) and not name.upper().startswith("MONGO_"):
            problems.append(f"{name}: no such setting; see .env.example for the names there are")
    return problems


def load_settings() -> Settings:
    """Read the settings from the environment and `.env`.

    Raises:
        SettingsError: with one line per wrong or misspelt setting; never a value: it may be secret.
    """
    try:
        problems = _misspelt(os.environ, dotenv_values(".env"))
    except UnicodeDecodeError:
        raise SettingsError(_report([".env: it is not UTF-8 text; save it as UTF-8"])) from None
    try:
        settings = Settings()  # type: ignore[call-arg]  # the fields come from the environment
    except ValidationError as error:
        problems += [
            f"{'.'.join(map(str, detail['loc'])).upper()}: {detail['msg'].removeprefix('Value error, ')}"
            for detail in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError(_report(problems)) from None
    if problems:
        raise SettingsError(_report(problems))
    return settings


def _report(problems: list[str]) -> str:
    lines = "\n".join(f"  {problem}" for problem in problems)
    return f"Wrong settings (environment or .env):\n{lines}"
