"""What the sample ads must cover, and what they must never hold."""

import re
from collections import Counter
from difflib import SequenceMatcher
from itertools import combinations

import pytest
from phonenumbers import Leniency, PhoneNumberMatcher

from crawlers.sample_web.ads import Expected, Host, SampleAd, in_edition, load_ads
from models.enums import Purpose, Side

ALL = [ad for host in Host for ad in load_ads(host)]
BOTH_EDITIONS = [ad for edition in (1, 2) for host in Host for ad in in_edition(load_ads(host), edition)]

HELP_LINES = {"116-16", "102", "111", "150"}
SPARE_PREFIXES = {"760", "761", "762", "763", "764"}


def phones(text: str) -> list[str]:
    """National numbers of every possible phone in a text, ten digits each."""
    found = PhoneNumberMatcher(text, "KZ", leniency=Leniency.POSSIBLE)
    national = [str(match.number.national_number) for match in found]
    return [number for number in national if len(number) == 10]  # shorter ones are licence numbers


def ads_of(edition: int) -> list[SampleAd]:
    found = [ad for host in Host for ad in in_edition(load_ads(host), edition)]
    return [ad for ad in found if not ad.is_service]


@pytest.mark.parametrize("edition", [1, 2])
def test_there_are_enough_ads_and_about_a_fifth_is_to_be_flagged(edition: int) -> None:
    ads = ads_of(edition)
    flagged = [ad for ad in ads if ad.judgement.expected is Expected.FLAG]
    assert len(ads) >= 60
    assert 0.15 <= len(flagged) / len(ads) <= 0.25


@pytest.mark.parametrize("edition", [1, 2])
def test_flagged_ads_cover_every_purpose_and_the_demand_for_babies_organs_and_persons(edition: int) -> None:
    flagged = [ad.judgement for ad in ads_of(edition) if ad.judgement.expected is Expected.FLAG]
    assert {purpose for judgement in flagged for purpose in judgement.purposes} == set(Purpose)
    sought = {p for judgement in flagged if judgement.side is Side.DEMAND for p in judgement.purposes}
    assert {Purpose.ORGAN_REMOVAL, Purpose.PERSON_TRADE} <= sought
    if edition == 1:  # the ad that seeks a baby is the one that is removed
        assert Purpose.ILLEGAL_ADOPTION in sought


def test_every_site_has_ads_of_both_kinds_in_kazakh_and_russian() -> None:
    for host in Host:
        ads = [ad for ad in ads_of(1) if ad.host is host]
        assert {ad.judgement.expected for ad in ads} == set(Expected), host
        assert {"kk", "ru"} <= {ad.language for ad in ads}, host


def test_kazakh_stands_in_at_least_two_fifths_of_the_ads() -> None:
    languages = Counter(ad.language for ad in ads_of(1))
    assert set(languages) == {"kk", "ru", "mixed"}
    assert (languages["kk"] + languages["mixed"]) / languages.total() >= 0.4


@pytest.mark.parametrize("ad", BOTH_EDITIONS, ids=lambda ad: ad.key)
def test_a_judgement_is_whole(ad: SampleAd) -> None:
    judgement = ad.judgement
    is_flagged = judgement.expected is Expected.FLAG
    assert bool(judgement.purposes) is is_flagged
    assert (judgement.side is not None) is is_flagged
    assert judgement.why.endswith(".")


@pytest.mark.parametrize("ad", ALL, ids=lambda ad: ad.key)
def test_an_ad_is_whole(ad: SampleAd) -> None:
    assert ad.text
    assert ad.number > 0
    for moment in filter(None, (ad.published_at, ad.gone_at, ad.change and ad.change.at)):
        assert moment.utcoffset() is not None
        assert moment.utcoffset().total_seconds() == 5 * 3600  # type: ignore[union-attr]
    if ad.host is not Host.KANAL:
        assert ad.title
    if ad.host is Host.JUMYS:
        assert ad.author
        assert ad.region


def test_numbers_are_never_used_twice() -> None:
    keys = Counter(ad.key for ad in ALL)
    assert keys.most_common(1)[0][1] == 1


def test_what_changes_between_the_editions() -> None:
    edited = [ad for ad in ALL if ad.change]
    assert {ad.host for ad in edited} == {Host.BARAHOLKA, Host.KANAL}
    turned = [ad for ad in edited if ad.change and ad.change.judgement.expected is not ad.judgement.expected]
    assert len(turned) == 1
    assert len([ad for ad in ALL if ad.gone_at]) == 1
    assert len([ad for ad in ALL if ad.first_edition == 2]) == 1


def test_phones_are_spare_numbers_or_help_lines() -> None:
    numbers = {(number, ad.key) for ad in BOTH_EDITIONS for number in phones(f"{ad.title} {ad.text}")}
    assert len(numbers) > 60
    assert [(number, key) for number, key in numbers if number[:3] not in SPARE_PREFIXES] == []


def test_nobody_shares_a_phone_but_the_near_copies() -> None:
    owners = Counter(number for ad in ALL for number in set(phones(ad.text)))
    assert [number for number, n in owners.items() if n > 1] == ["7625594007"]


def test_nearly_every_flagged_ad_can_be_reached() -> None:
    """The contact extractor needs something to find: a phone or a handle."""
    flagged = [ad for ad in ads_of(1) if ad.judgement.expected is Expected.FLAG]
    reached = [ad for ad in flagged if phones(ad.text) or re.search(r"@\w{5,}", ad.text)]
    assert len(reached) >= len(flagged) - 3


def test_short_numbers_after_a_call_to_ring_are_help_lines() -> None:
    ring = re.compile(
        r"(?:звоните|позвоните|линию|телефоны?|нөміріне)[^\d.+]*((?:\d{3}-\d{2}|\d{3}))(?![\d -]*\d)"
    )
    found = {number for ad in ALL for number in ring.findall(ad.text)}
    assert found
    assert found <= HELP_LINES


def test_business_numbers_cannot_belong_to_anyone() -> None:
    numbers = [n for ad in ALL for n in re.findall(r"\b\d{12}\b", f"{ad.text} {ad.details}")]
    assert len(numbers) >= 5
    assert all(int(number[2:4]) > 12 for number in numbers), "the month of registration must not exist"


def test_texts_are_no_templates() -> None:
    """But for the one near-copy no two ads share most of their text."""
    near = []
    for one, other in combinations([ad for ad in ALL if not ad.is_service], 2):
        matcher = SequenceMatcher(None, one.text.split(), other.text.split(), autojunk=False)
        if matcher.real_quick_ratio() > 0.4 and matcher.quick_ratio() > 0.4 and matcher.ratio() > 0.4:
            near.append({one.key, other.key})
    assert near == [{"baraholka.example/40711755", "kanal.example/jumys_bar_kz/2124"}]


def test_one_ad_is_in_disguise() -> None:
    """Zero-width characters, Latin look-alikes inside Cyrillic words, spaced letters: all in one ad."""
    mixed_word = re.compile(r"[а-яё][a-z]+[а-яё]", re.IGNORECASE)
    disguised = [ad for ad in ALL if "\u200b" in ad.text]
    assert [ad.number for ad in disguised] == [40711911]
    assert len(mixed_word.findall(disguised[0].text)) >= 5
    assert re.search(r"(?:\b\w ){6,}", disguised[0].text)
