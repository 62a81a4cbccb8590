"""APIs: errors that come with 200 get their result, and keys go to their own host over https only."""

import json

import pytest
from scrapy import Request

from crawlers.answers import judge
from crawlers.api_answers import judge_api
from crawlers.api_keys import ApiKeys
from crawlers.order import Order
from models.config import load_settings
from models.enums import FetchResult
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings
from tests.servers.site import Reply

VK = "https://api.vk.com/method/wall.get?owner_id=-1"
HH = "https://api.hh.ru/vacancies/1"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (5, FetchResult.REFUSED),
        (6, FetchResult.SLOW_DOWN),
        (9, FetchResult.SLOW_DOWN),
        (10, FetchResult.SLOW_DOWN),
        (14, FetchResult.WALL),
        (15, FetchResult.PAGE),
        (18, FetchResult.GONE),
        (29, FetchResult.SLOW_DOWN),
        (113, FetchResult.BROKEN),
    ],
)
def test_errors_of_vk(code: int, result: FetchResult) -> None:
    body = json.dumps({"error": {"error_code": code, "error_msg": "x"}}).encode()
    assert judge(200, JSON, body, final_url=VK) is result
    assert judge(200, JSON, b"\xef\xbb\xbf" + body, final_url=VK) is result
    found = judge_api(200, body, final_url=VK)
    assert found is not None
    assert found.error == f"vk_error_{code}"
    assert judge(200, JSON, body, final_url="https://else.example/") is FetchResult.PAGE


def test_a_post_that_quotes_an_error_is_none() -> None:
    body = json.dumps({"response": {"items": [{"text": '"error":{"error_code":5'}]}}).encode()
    assert judge(200, JSON, body, final_url=VK) is FetchResult.PAGE


@pytest.mark.parametrize(
    ("status", "kind", "result"),
    [
        (403, "captcha_required", FetchResult.WALL),
        (403, "forbidden", FetchResult.REFUSED),
        (400, "bad_user_agent", FetchResult.REFUSED),
        (404, "not_found", FetchResult.GONE),
        (503, "service_unavailable", FetchResult.SLOW_DOWN),
    ],
)
def test_errors_of_hh(status: int, kind: str, result: FetchResult) -> None:
    body = json.dumps({"errors": [{"type": kind}], "request_id": "1"}).encode()
    assert judge(status, JSON, body, final_url=HH) is result


def authorization(url: str, **headers: str) -> bytes | None:
    request = Request(url, headers=headers)
    ApiKeys(load_settings(hh_token="secret-h", vk_token="secret-v")).process_request(request)
    return request.headers.get("Authorization")


def test_a_key_goes_to_its_own_host_over_https_only() -> None:
    assert authorization(HH) == b"Bearer secret-h"
    assert authorization(VK) == b"Bearer secret-v"
    assert authorization("http://api.vk.com/method/wall.get") is None
    assert authorization("https://api.vk.com.evil.example/") is None
    assert authorization("https://hh.ru/vacancy/1", Authorization="Bearer secret-h") is None  # redirected


def test_a_key_reaches_the_crawl_process_and_shows_nowhere_else(bench: CrawlBench) -> None:
    settings = bench_settings(bench.settings.data_dir, bench.site, [SITE_HOST], vk_token="secret-v")
    assert "secret-v" not in f"{settings!r} {settings.model_dump_json()}"
    token = Order.from_line(Order(1, settings).to_line()).settings.vk_token
    assert token is not None
    assert token.get_secret_value() == "secret-v"
    bench.site.routes["/"] = Reply(b"<p>x</p>")
    bench.settings = settings
    bench.crawl(bench.add_source())
    assert not [
        served for served in bench.site.served() if "authorization" in {h.lower() for h in served.headers}
    ]
