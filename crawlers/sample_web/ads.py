"""The ads of the sample web, as written down in ``ads/*.yaml``.

The files are for people: an analyst reads them to see what is meant to be
flagged and why. ``expected``, ``purposes``, ``side`` and ``why`` are for tests
and docs; no template knows them, so no served page can tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from models.enums import Purpose, Side

ADS_DIR = Path(__file__).parent / "ads"
LAST_EDITION = 2


class Host(StrEnum):
    """The four sites; ``.example`` is reserved and never resolves (RFC 2606)."""

    BARAHOLKA = "baraholka.example"
    JUMYS = "jumys.example"
    KANAL = "kanal.example"
    HABAR = "habar.example"


class Expected(StrEnum):
    """What an analyst would want: a look, or nothing."""

    FLAG = "flag"
    CLEAR = "clear"


class Damage(StrEnum):
    """How the page of a broken ad is damaged."""

    NESTED = "nested"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The writer's own opinion of one ad in one edition; never served.

    Attributes:
        purposes: empty when ``expected`` is clear.
        side: None when clear.
        why: one sentence for the reader of the data file.
    """

    expected: Expected
    purposes: frozenset[Purpose]
    side: Side | None
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """What the author alters in edition 2; None keeps what was there."""

    at: datetime
    title: str | None
    text: str | None
    price: str | None
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class SampleAd:
    """One ad, message, vacancy or notice as one edition shows it.

    Attributes:
        host: site that serves it.
        number: native id on that site, positive, unique within ``section`` of a
            channel site and within the site elsewhere.
        section: category of the classifieds, channel name, or "".
        language: ``kk``, ``ru`` or ``mixed``, of the text.
        price: as the site shows it, for example ``45 000 ₸``; None when absent.
        pay: lowest and highest pay in tenge a month (job board), None when not said.
        published_at, changed_at: with the offset of Kazakhstan, +05:00.
        first_edition: 1 or 2, the edition that first shows it.
        gone_at: when it was removed, between the editions; None = never.
        damage: the page is broken on purpose.
    """

    host: Host
    number: int
    section: str
    language: str
    title: str
    text: str
    author: str
    region: str
    price: str | None
    pay: tuple[int | None, int | None] | None
    details: Mapping[str, str]
    views: int
    published_at: datetime
    judgement: Judgement
    changed_at: datetime | None = None
    change: Change | None = None
    first_edition: int = 1
    gone_at: datetime | None = None
    damage: Damage | None = None
    is_service: bool = False

    @property
    def key(self) -> str:
        """Identity over all sites, for example ``kanal.example/jumys_bar/17``."""
        place = f"{self.host}/{self.section}" if self.host is Host.KANAL else self.host.value
        return f"{place}/{self.number}"


def in_edition(ads: Sequence[SampleAd], edition: int) -> list[SampleAd]:
    """Return the ads that stand in ``edition`` (1 or 2), each as its text is then, in the given order."""
    standing = [ad for ad in ads if ad.first_edition <= edition and not is_gone(ad, edition)]
    return [_apply_change(ad) if edition >= LAST_EDITION else ad for ad in standing]


def is_gone(ad: SampleAd, edition: int) -> bool:
    """Whether ``ad`` was there and has been removed by ``edition``."""
    return ad.gone_at is not None and edition >= LAST_EDITION


def _apply_change(ad: SampleAd) -> SampleAd:
    change = ad.change
    if change is None:
        return ad
    return replace(
        ad,
        title=change.title or ad.title,
        text=change.text or ad.text,
        price=change.price or ad.price,
        changed_at=change.at,
        judgement=change.judgement,
    )


@cache
def load_ads(host: Host) -> tuple[SampleAd, ...]:
    """Read the ads of one site, newest first.

    Raises:
        KeyError, ValueError: the data file lacks a field or holds an unknown word;
            it is part of the code, so this is a bug and not a bad input.
    """
    path = ADS_DIR / f"{host.value.removesuffix('.example')}.yaml"
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    ads = [_read_ad(host, row) for row in rows]
    return tuple(sorted(ads, key=lambda ad: (ad.published_at, ad.number), reverse=True))


def _read_ad(host: Host, row: Mapping[str, Any]) -> SampleAd:
    judgement = _read_judgement(row)
    change = row.get("changes")
    damage = row.get("damage")
    pay = row.get("pay")
    return SampleAd(
        host=host,
        number=row["id"],
        section=row.get("section", ""),
        language=row["lang"],
        title=row.get("title", ""),
        text=row["text"].strip(),
        author=row.get("author", ""),
        region=row.get("region", ""),
        price=row.get("price"),
        pay=(pay[0], pay[1]) if pay else None,
        details=row.get("details", {}),
        views=row.get("views", 0),
        published_at=row["published"],
        judgement=judgement,
        change=_read_change(change) if change else None,
        first_edition=row.get("appears_in", 1),
        gone_at=row.get("removed_at"),
        damage=Damage(damage) if damage else None,
        is_service=row.get("service", False),
    )


def _read_judgement(row: Mapping[str, Any]) -> Judgement:
    side = row.get("side")
    return Judgement(
        expected=Expected(row["expected"]),
        purposes=frozenset(Purpose(name) for name in row.get("purposes", [])),
        side=Side(side) if side else None,
        why=row["why"],
    )


def _read_change(row: Mapping[str, Any]) -> Change:
    text = row.get("text")
    return Change(
        at=row["at"],
        title=row.get("title"),
        text=text.strip() if text else None,
        price=row.get("price"),
        judgement=_read_judgement(row),
    )
