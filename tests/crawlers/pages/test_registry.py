import pytest

from crawlers.extraction import extract_page
from crawlers.pages.registry import UnknownPageObject, page_object_for
from models.enums import RequestKind


@pytest.mark.parametrize(
    ("url", "kind", "hint", "expected"),
    [
        ("https://www.olx.kz/rabota/", RequestKind.START, None, "olx_listing"),
        ("https://www.olx.kz/d/obyavlenie/x-ID1.html", RequestKind.AD, None, "olx_ad"),
        ("https://www.olx.kz/d/obyavlenie/x-ID1.html", RequestKind.RECHECK, "olx_listing", "olx_ad"),
        ("https://t.me/s/channel", RequestKind.START, None, "telegram_channel"),
        ("https://kanal.example/s/x", RequestKind.LISTING, "telegram_channel", "telegram_channel"),
        ("https://jumys.example/", RequestKind.START, "job_listing", "job_listing"),
        ("https://jumys.example/vacancy/1", RequestKind.AD, "job_listing", "job_posting"),
        ("https://almaty.hh.kz/vacancy/1", RequestKind.AD, None, "hh_vacancy"),
        ("https://nothh.kz/vacancy/1", RequestKind.AD, None, None),
        ("https://unknown.example/", RequestKind.START, None, None),
    ],
)
def test_page_object_follows_from_the_source_or_the_host(
    url: str, kind: RequestKind, hint: str | None, expected: str | None
) -> None:
    assert page_object_for(url, kind, hint) == expected


def test_a_hint_that_is_no_page_object_is_refused_with_the_list_of_names() -> None:
    with pytest.raises(UnknownPageObject, match="telegram_channel"):
        page_object_for("https://x.example/", RequestKind.START, "telegramm")


def test_a_host_that_only_ends_like_one_of_ours_is_not_ours() -> None:
    posting = (
        b'<script type="application/ld+json">{"@type":"JobPosting","title":"x","description":"y"}</script>'
    )
    assert extract_page(posting, url="https://hh.kz/vacancy/1").page_object == "hh_vacancy"
    assert extract_page(posting, url="https://nothh.kz/vacancy/1").page_object == "job_posting"
