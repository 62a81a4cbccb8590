"""hh's API: answers as saved by others and as its documentation shows them, read by eye."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from crawlers.extraction import extract_page
from crawlers.items import ContactItem, Extraction, LinkItem
from models.enums import ContactKind, RequestKind

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
SEARCH = "https://api.hh.ru/vacancies?area=1&text=Python&per_page=10"


def read(shared_dir: Path, name: str, url: str) -> Extraction:
    return extract_page((shared_dir / f"fixtures/hh/{name}.json").read_bytes(), url=url, fetched_at=NOW)


def test_a_search_that_finds_4928_is_split_by_date(shared_dir: Path) -> None:
    found = read(shared_dir, "api_vacancies_search_2025", SEARCH)
    assert (found.page_object, found.is_complete, found.ads) == ("hh_api_search", True, ())
    assert [link.url for link in found.links] == [
        f"{SEARCH}&date_from=2026-11-06T04%3A00%3A00%2B0000&date_to=2026-11-21T04%3A00%3A00%2B0000",
        f"{SEARCH}&date_from=2026-10-22T04%3A00%3A00%2B0000&date_to=2026-11-06T04%3A00%3A00%2B0000",
    ]


def test_a_search_within_the_limit_leads_to_its_vacancies(shared_dir: Path) -> None:
    data = orjson.loads((shared_dir / "fixtures/hh/api_vacancies_search_2025.json").read_bytes())
    found = extract_page(orjson.dumps({**data, "found": 1999}), url=SEARCH, fetched_at=NOW)
    published = datetime(2025, 7, 20, 7, 53, 13, tzinfo=UTC)
    assert found.links[0] == LinkItem("https://api.hh.ru/vacancies/123009042", RequestKind.AD, published)
    assert [link.kind for link in found.links] == [RequestKind.AD] * 10 + [RequestKind.LISTING]
    assert found.links[-1].url == f"{SEARCH}&page=1"


def test_a_parameter_that_hh_ignored_is_named(shared_dir: Path) -> None:
    found = read(shared_dir, "api_vacancies_search_2025", f"{SEARCH}&experiense=noExperience")
    assert (found.is_complete, found.problems) == (False, ("parameter_ignored: experiense",))


def test_the_vacancy_of_the_documentation(shared_dir: Path) -> None:
    found = read(shared_dir, "docs_example_vacancy_detail_2023", "https://api.hh.ru/vacancies/8331228")
    (ad,) = found.ads
    assert (found.page_object, found.is_gone) == ("hh_api_vacancy", False)
    assert (ad.external_id, ad.url, ad.title) == ("8331228", "https://hh.ru/vacancy/8331228", "Секретарь")
    assert (ad.author, ad.region, ad.text) == ("HeadHunter", "Москва", "...")
    assert (ad.price_amount, ad.price_currency) == (Decimal(30000), "RUB")
    assert ad.contacts == (
        ContactItem(ContactKind.EMAIL, "user@example.com"),
        ContactItem(ContactKind.PHONE, "+79850000000"),
    )
    assert ad.published_at == datetime(2013, 7, 8, 12, 17, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"items": null}', b'{"errors": [{"type": "not_found"}]}']
)
def test_what_is_no_answer_is_never_complete(body: bytes) -> None:
    for name in ("hh_api_search", "hh_api_vacancy"):
        found = extract_page(body, url=SEARCH, page_object=name)
        assert (found.ads, found.links, found.is_complete) == ((), (), False)
