"""Source files: what they may say, how errors name the place, and how they become rows."""

from datetime import datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from crawlers.sources_config import (
    SAMPLE_SOURCES,
    SHIPPED_SOURCES,
    BadSource,
    SourceConfig,
    TermsNotRead,
    check_delay,
    disable_source,
    enable_source,
    load_source,
    load_sources,
    sync_sources,
)
from models.crawl import Source
from models.session import Database

GOOD = {
    "name": "good",
    "kind": "classifieds",
    "title": "Good",
    "start": ["https://ads.example.org/"],
    "schedule": {"every_minutes": 60},
}


def _write(folder: Path, name: str = "good", **fields: object) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**GOOD, "name": name, **fields}, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "newspaper"}, "kind"),
        ({"start": ["ftp://ads.example.org/"]}, "start"),
        ({"start": ["http://user:pw@ads.example.org/"]}, "start"),
        ({"schedule": {}}, "schedule"),
        ({"schedule": {"every_minutes": 60, "hours": "8"}}, "schedule"),
        ({"schedule": {"hours": "25"}}, "schedule"),
        ({"schedule": {"every_minutes": 60, "zone": "Mars/Olympus"}}, "schedule.zone"),
        ({"limits": {"max_body_bytes": 9 * 1024 * 1024}}, "limits.max_body_bytes"),
        ({"limits": {"delay_seconds": -1}}, "limits.delay_seconds"),
        ({"pages": [{"match": "(", "page_object": "feed"}]}, "pages.0.match"),
        ({"pages": [{"match": ".", "page_object": "nobody"}]}, "pages.0.page_object"),
        ({"follow": "["}, "follow"),
        ({"robots": "ignore"}, "robots"),
        ({"is_sample": True}, "sample"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_errors_name_file_and_field(tmp_path: Path, fields: dict[str, object], said: str) -> None:
    with pytest.raises(BadSource) as caught:
        load_source(_write(tmp_path, **fields))
    assert caught.value.message.startswith("good.yaml")
    assert said in caught.value.message


def test_a_file_is_called_as_its_source(tmp_path: Path) -> None:
    _write(tmp_path).rename(tmp_path / "other.yaml")
    with pytest.raises(BadSource, match="name"):
        load_source(tmp_path / "other.yaml")


def test_only_links_of_the_site_that_the_file_asks_for_are_followed() -> None:
    config = SourceConfig.model_validate({**GOOD, "follow": "/vacancy/|sitemap"})
    assert config.is_followed("https://ads.example.org/vacancy/1")
    assert not config.is_followed("https://ads.example.org/about")
    assert not config.is_followed("https://other.example.org/vacancy/1")
    assert SourceConfig.model_validate(GOOD).is_followed("https://ads.example.org/about")


def test_two_seconds_hold_for_every_host_that_is_not_led_to_loopback() -> None:
    config = SourceConfig.model_validate({**GOOD, "limits": {"delay_seconds": 0}})
    with pytest.raises(BadSource, match="delay_seconds"):
        check_delay(config, loopback_hosts=["other.example.org"])
    check_delay(config, loopback_hosts=["ads.example.org"])


def test_shipped_sources_are_sound_and_ask_no_faster_than_allowed() -> None:
    shipped = load_sources(SHIPPED_SOURCES)
    assert {config.name for config in shipped} >= {"olx_kz", "hh_kz"}
    for config in shipped:
        check_delay(config, loopback_hosts=[])
        assert not config.is_sample
    assert all(config.is_sample for config in load_sources(SAMPLE_SOURCES))


def test_sync_keeps_state_and_real_sources_stay_off(database: Database, now: datetime) -> None:
    with database.write() as session:
        report = sync_sources(session, SHIPPED_SOURCES, now=now)
        sync_sources(session, SAMPLE_SOURCES, now=now)
    assert "olx_kz" in report.added
    with database.read() as session:
        on = {source.name for source in session.scalars(select(Source).where(Source.is_enabled))}
    assert on == {config.name for config in load_sources(SAMPLE_SOURCES)}
    with database.write() as session:
        with pytest.raises(TermsNotRead):
            enable_source(session, "olx_kz", terms_read_by=None, now=now)
        enable_source(session, "olx_kz", terms_read_by="A. Reader", now=now)
    with database.write() as session:
        report = sync_sources(session, SHIPPED_SOURCES, now=now)
        source = session.scalars(select(Source).where(Source.name == "olx_kz")).one()
        assert (report.added, report.changed) == ((), ())
        assert (source.is_enabled, source.terms_read_by) == (True, "A. Reader")
        disable_source(session, "olx_kz")
        enable_source(session, "olx_kz", terms_read_by=None, now=now)  # read once is read


def test_a_changed_file_changes_the_row(database: Database, now: datetime, tmp_path: Path) -> None:
    _write(tmp_path)
    with database.write() as session:
        sync_sources(session, tmp_path, now=now)
    _write(tmp_path, title="Better")
    with database.write() as session:
        assert sync_sources(session, tmp_path, now=now).changed == ("good",)
        assert session.scalars(select(Source.title)).one() == "Better"
