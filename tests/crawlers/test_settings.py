"""C1: every Scrapy setting that is open by default is shut in a real crawler's settings."""

from pathlib import Path

import pytest
from scrapy.settings import Settings as ScrapySettings
from scrapy.utils.conf import build_component_list

from crawlers.order import Order
from crawlers.settings import scrapy_settings
from crawlers.sources_config import SourceConfig
from models.config import load_settings

SOURCE = SourceConfig.model_validate(
    {
        "name": "ads",
        "kind": "classifieds",
        "title": "ads",
        "start": ["https://ads.example.org/"],
        "schedule": {"every_minutes": 60},
    }
)


@pytest.fixture
def scrapy() -> ScrapySettings:
    settings = ScrapySettings()
    settings.setdict(scrapy_settings(load_settings(), SOURCE))
    return settings


def test_nothing_dangerous_is_left_on(scrapy: ScrapySettings) -> None:
    off = [
        "TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED", "REFERER_ENABLED", "COOKIES_ENABLED",
        "HTTPPROXY_ENABLED", "METAREFRESH_ENABLED", "HTTPCACHE_ENABLED", "RETRY_ENABLED", "JOBDIR", "FEEDS",
        "RETRY_HTTP_CODES",
    ]  # fmt: skip
    assert {name: scrapy[name] for name in off if scrapy[name]} == {}
    for name in (
        "DOWNLOAD_VERIFY_CERTIFICATES",
        "ROBOTSTXT_OBEY",
        "AUTOTHROTTLE_ENABLED",
        "MEMUSAGE_ENABLED",
    ):
        assert scrapy.getbool(name), name
    assert scrapy.getint("DOWNLOAD_MAXSIZE") == 3 * 1024 * 1024
    assert scrapy.getfloat("DOWNLOAD_TIMEOUT") == 30
    assert scrapy.getfloat("DOWNLOAD_DELAY") >= 2
    assert scrapy.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 1
    assert scrapy.getint("REDIRECT_MAX_TIMES") == 5
    assert scrapy.getint("CONCURRENT_ITEMS") == 4
    assert scrapy.getint("MEMUSAGE_LIMIT_MB") > 0
    assert str(scrapy["USER_AGENT"]).startswith("Saqshy/")


def test_only_http_and_https_have_a_handler(scrapy: ScrapySettings) -> None:
    handlers = scrapy.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler is not None} == {"http", "https"}


def test_no_other_middleware_or_extension_runs_than_those_named(scrapy: ScrapySettings) -> None:
    def on(name: str) -> list[str]:
        parts = build_component_list(scrapy.get_component_priority_dict_with_base(name))
        return [str(part).rpartition(".")[2] for part in parts]

    assert on("DOWNLOADER_MIDDLEWARES") == [
        "AddressRules",
        "PoliteRobots",
        "DownloadTimeoutMiddleware",
        "DefaultHeadersMiddleware",
        "UserAgentMiddleware",
        "BoundedDecompression",
        "GuardedRedirects",
        "HostPace",
        "ApiKeys",
    ]
    assert on("SPIDER_MIDDLEWARES") == []
    assert on("EXTENSIONS") == ["AutoThrottle", "PresentMemoryUsage"]


def test_an_order_passes_on_what_a_crawl_needs(tmp_path: Path) -> None:
    settings = load_settings(
        data_dir=tmp_path, log_format="json", log_level="warning", loopback_allow=(("127.0.0.1", 8080),)
    )
    order = Order.from_line(Order(7, settings).to_line())
    assert (order.run_id, order.settings.data_dir) == (7, tmp_path)
    assert (order.settings.log_format, order.settings.log_level) == ("json", "warning")
    assert order.settings.loopback_allow == settings.loopback_allow
