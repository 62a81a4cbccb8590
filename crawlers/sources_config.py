"""Sources as YAML files: read, checked with the name of the file and field, and brought into rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import orjson
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.slots import Schedule
from models.crawl import Source
from models.enums import Language, SourceKind
from models.errors import NotFound, Rejected
from models.urls import canonical_url, host_of

SHIPPED_SOURCES = Path(__file__).resolve().parent / "sources"
SAMPLE_SOURCES = SHIPPED_SOURCES / "sample"

SOURCE_NAME = r"^[a-z][a-z0-9_]{1,63}$"
MIN_DELAY_SECONDS = 2.0
MAX_BODY_BYTES = 8 * 1024 * 1024
DEFAULT_BODY_BYTES = 3 * 1024 * 1024


class BadSource(Rejected):
    """A source file cannot be used; the message names the file and the field."""


class TermsNotRead(Rejected):
    """A source stays off until a person has read its robots.txt and terms."""

    status = 409


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Recheck(_Strict):
    """How long an ad's own page is left alone: as long as it has stayed the same, within these bounds."""

    min_hours: float = Field(default=24, ge=0, le=24 * 90)
    max_hours: float = Field(default=24 * 30, ge=0, le=24 * 365)
    max_ads: int = Field(default=50, ge=0, le=10_000)

    @model_validator(mode="after")
    def _ordered(self) -> "Recheck":
        if self.min_hours > self.max_hours:
            raise ValueError("min_hours must not be more than max_hours")
        return self

    def next_at(self, seen_at: datetime, same_since: datetime) -> datetime:
        """When an ad that was the same from one time to the other is looked at again."""
        least, most = timedelta(hours=self.min_hours), timedelta(hours=self.max_hours)
        return seen_at + max(least, min(most, seen_at - same_since))


class Limits(_Strict):
    """How much, how fast and how deep; the host's own wishes (Crawl-delay, Retry-After) only slow it down."""

    delay_seconds: float = Field(default=3.0, ge=0, le=600)
    max_pages: int = Field(default=200, ge=1, le=1_000_000)
    max_depth: int = Field(default=3, ge=0, le=1000)
    max_stale_pages: int = Field(default=3, ge=1, le=1000)
    max_body_bytes: int = Field(default=DEFAULT_BODY_BYTES, ge=1024, le=MAX_BODY_BYTES)
    timeout_seconds: float = Field(default=30.0, gt=0, le=120)
    retry_seconds: float = Field(default=30.0, ge=0, le=3600)


class Pictures(_Strict):
    """Pictures of ads whose words are read: from the source's own hosts and these, with their subdomains."""

    hosts: tuple[str, ...] = ()
    max_per_ad: int = Field(default=4, ge=1, le=30)
    max_per_run: int = Field(default=100, ge=1, le=10_000)


class Browser(_Strict):
    """Pages that scripts build; what these ask for comes from the source's own hosts and from ``hosts``."""

    hosts: tuple[str, ...] = ()


def _compiles(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


class PagePattern(_Strict):
    """Which page object reads the addresses that match."""

    match: Annotated[str, AfterValidator(_compiles)]
    page_object: str


class SourceConfig(_Strict):
    """One source file; docs/add-a-source.md describes every field."""

    name: Annotated[str, Field(pattern=SOURCE_NAME)]
    kind: SourceKind
    title: Annotated[str, Field(min_length=1, max_length=200)]
    start: tuple[str, ...] = Field(min_length=1)
    hosts: tuple[str, ...] = ()
    pages: tuple[PagePattern, ...] = ()
    follow: Annotated[str, AfterValidator(_compiles)] = ""
    schedule: Schedule
    limits: Limits = Limits()
    recheck: Recheck = Recheck()
    pictures: Pictures | None = None
    browser: Browser | None = None
    gone_redirect: Annotated[str, AfterValidator(_compiles)] = ""
    region: Annotated[str, Field(max_length=100)] = ""
    languages: tuple[Language, ...] = (Language.RU, Language.KK)
    robots: Literal["obey"] = "obey"
    is_full_listing: bool = False
    is_sample: bool = False

    @field_validator("start")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(canonical_url(url) for url in value)
        except Rejected as error:
            raise ValueError(error.message) from error

    @model_validator(mode="after")
    def _sample_hosts(self) -> "SourceConfig":
        if self.is_sample and not all(host.endswith(".example") for host in self.asked_hosts):
            raise ValueError("a sample source may only name hosts under .example")
        return self

    @cached_property
    def all_hosts(self) -> frozenset[str]:
        """Hosts that are asked; their subdomains belong to them."""
        return frozenset(self.hosts) | {host_of(url) for url in self.start}

    @cached_property
    def asked_hosts(self) -> frozenset[str]:
        """Hosts that are asked for pages, for pictures, or for what scripts of pages need."""
        return self.all_hosts.union(*(part.hosts for part in (self.pictures, self.browser) if part))

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple((re.compile(page.match), page.page_object) for page in self.pages)

    def page_object_for(self, url: str) -> str | None:
        """Page object that the file names for an address; None = the page's content tells."""
        return next((name for pattern, name in self._patterns if pattern.search(url)), None)

    def is_followed(self, url: str) -> bool:
        """Whether a link is worth a visit: on the site, and of the form that the file asks for."""
        return self.is_on_site(url) and re.search(self.follow, url) is not None

    def is_gone_redirect(self, url: str, final_url: str) -> bool:
        """Whether being led from an ad to this address means that the ad is no more.

        So it is for the site's first page, the listings the source starts from,
        and what the file names in ``gone_redirect``.
        """
        if final_url == url:
            return False
        is_first_page = urlsplit(final_url).path in ("", "/") and not urlsplit(final_url).query
        is_named = bool(self.gone_redirect) and re.search(self.gone_redirect, final_url) is not None
        return is_first_page or is_named or final_url in self.start

    def is_on_site(self, url: str) -> bool:
        """Whether an address lies on one of the source's hosts."""
        return _is_among(url, self.all_hosts)

    def is_picture_place(self, url: str) -> bool:
        """Whether an ad's picture may be asked for there."""
        return self.pictures is not None and _is_among(url, self.all_hosts.union(self.pictures.hosts))

    def is_part_place(self, url: str) -> bool:
        """Whether what the scripts of its pages ask for may be asked for there."""
        return self.browser is not None and _is_among(url, self.all_hosts.union(self.browser.hosts))


def _is_among(url: str, hosts: frozenset[str]) -> bool:
    """Whether an address lies on one of these hosts or their subdomains."""
    host = host_of(url)
    return any(host == own or host.endswith("." + own) for own in hosts)


def load_source(path: Path) -> SourceConfig:
    """Read and check one file.

    Raises:
        BadSource: names the file and each field that is wrong.
    """
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
        config = SourceConfig.model_validate(fields)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadSource(f"{path.name} cannot be read as YAML: {error}") from error
    except ValidationError as error:
        facts = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg']}" for item in error.errors()
        )
        raise BadSource(f"{path.name}: {facts}") from error
    if config.name != path.stem:
        raise BadSource(f"{path.name}: name: must be {path.stem!r}, as the file is called")
    _check_page_objects(path, config)
    return config


def one_by_one(config: SourceConfig) -> SourceConfig:
    """The settings of a run that fetches what it was given and follows nothing."""
    return config.model_copy(update={"limits": config.limits.model_copy(update={"max_depth": 0})})


def _check_page_objects(path: Path, config: SourceConfig) -> None:
    if not config.pages:
        return
    from crawlers.pages.registry import page_objects  # loads the parsers; crawl processes never need them

    for number, page in enumerate(config.pages):
        if page.page_object not in page_objects():
            raise BadSource(
                f"{path.name}: pages.{number}.page_object: there is no {page.page_object!r}; "
                f"there are: {', '.join(page_objects())}"
            )


def load_sources(folder: Path) -> list[SourceConfig]:
    """Read all files of a folder, by name.

    Raises:
        BadSource: one of them is wrong, or two have the same name.
    """
    return [load_source(path) for path in sorted(folder.glob("*.yaml"))]


@dataclass(frozen=True)
class SyncReport:
    """What bringing files into rows did; names of sources."""

    added: tuple[str, ...]
    changed: tuple[str, ...]


def sync_sources(session: Session, folder: Path, *, now: datetime) -> SyncReport:
    """Bring source files into rows; state (on or off, terms read) is kept.

    Sample sources are switched on when they come in; any other stays off until
    :func:`enable_source`.

    Raises:
        BadSource: a file is wrong; nothing is changed then.
    """
    rows = {row.name: row for row in session.scalars(select(Source))}
    added, changed = [], []
    for config in load_sources(folder):
        stored, digest = _stored_form(config)
        row = rows.get(config.name)
        if row is None:
            row = Source(name=config.name, created_at=now, is_enabled=config.is_sample)
            session.add(row)
            added.append(config.name)
        elif row.settings_sha256 == digest:
            continue
        else:
            changed.append(config.name)
        row.kind, row.title = config.kind, config.title
        row.settings, row.settings_sha256 = stored, digest
    session.flush()
    return SyncReport(tuple(added), tuple(changed))


def _stored_form(config: SourceConfig) -> tuple[dict[str, Any], str]:
    stored = config.model_dump(mode="json")
    return stored, sha256(orjson.dumps(stored, option=orjson.OPT_SORT_KEYS)).hexdigest()


def config_of(source: Source) -> SourceConfig:
    """The checked settings of a source's row."""
    return SourceConfig.model_validate(source.settings)


def check_delay(config: SourceConfig, loopback_hosts: Iterable[str]) -> None:
    """Refuse a pace below 2 s for any host but those that our settings lead to loopback.

    Raises:
        BadSource: names the source.
    """
    foreign = config.asked_hosts - frozenset(loopback_hosts)
    if config.limits.delay_seconds < MIN_DELAY_SECONDS and foreign:
        raise BadSource(
            f"{config.name}: limits.delay_seconds: must be at least {MIN_DELAY_SECONDS:g} "
            f"(hosts: {', '.join(sorted(foreign))})"
        )


def get_source(session: Session, name: str) -> Source:
    """The source of that name.

    Raises:
        NotFound: there is none.
    """
    source = session.scalar(select(Source).where(Source.name == name))
    if source is None:
        raise NotFound(f"There is no source {name!r}.", name=name)
    return source


def enable_source(session: Session, name: str, *, terms_read_by: str | None, now: datetime) -> Source:
    """Switch a source on; a real one needs the name of who read its robots.txt and terms.

    Raises:
        NotFound: no such source.
        TermsNotRead: nobody is named.
    """
    source = get_source(session, name)
    if terms_read_by:
        source.terms_read_by, source.terms_read_at = terms_read_by, now
    if source.terms_read_by is None and not config_of(source).is_sample:
        raise TermsNotRead(
            f"Read robots.txt and the terms of {name} first, then name yourself: --terms-read-by NAME",
            name=name,
        )
    if not source.is_enabled:
        source.is_enabled, source.resumed_at = True, now
    return source


def disable_source(session: Session, name: str) -> Source:
    """Switch a source off; a crawl that is running ends by itself.

    Raises:
        NotFound: no such source.
    """
    source = get_source(session, name)
    source.is_enabled = False
    return source
