"""Scrapy's settings for one crawl: everything that is open by default is shut here, each with a test."""

from copy import deepcopy
from importlib import import_module
from typing import Any

from scrapy.settings import Settings as ScrapySettings

from crawlers.resolver import OUR_SETTINGS
from crawlers.sources_config import SourceConfig
from models.config import Settings

MEMORY_LIMIT_MB = 600
MAX_REDIRECTS = 5
CONCURRENT_REQUESTS = 16
# Bodies in memory that are not yet stored; beyond it nothing more is fetched.
MAX_UNSTORED_BYTES = 20 * 1024 * 1024

_OFF_MIDDLEWARES = (
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware",
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware",
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware",
    "scrapy.downloadermiddlewares.retry.RetryMiddleware",
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware",
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware",
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware",
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware",
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware",
    "scrapy.downloadermiddlewares.stats.DownloaderStats",
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware",
)
_OFF_SPIDER_MIDDLEWARES = (
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware",
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware",
    "scrapy.spidermiddlewares.referer.RefererMiddleware",
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware",
    "scrapy.spidermiddlewares.depth.DepthMiddleware",
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware",
)
_OFF_EXTENSIONS = (
    "scrapy.extensions.telnet.TelnetConsole",
    "scrapy.extensions.remote_control.RemoteControl",
    "scrapy.extensions.feedexport.FeedExporter",
    "scrapy.extensions.spiderstate.SpiderState",
    "scrapy.extensions.memdebug.MemoryDebugger",
    "scrapy.extensions.closespider.CloseSpider",
    "scrapy.extensions.logstats.LogStats",
    "scrapy.extensions.logcount.LogCount",
    "scrapy.extensions.corestats.CoreStats",
)


# What is the same for every source.
_FIXED: dict[str, Any] = {
    # Shut: consoles, schemes, environment, scripts of the page, other people's state.
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "DOWNLOAD_HANDLERS": {
        "http": "crawlers.downloading.GuardedDownloadHandler",
        "https": "crawlers.downloading.GuardedDownloadHandler",
        "data": None,
        "file": None,
        "ftp": None,
        "s3": None,
    },
    "REFERER_ENABLED": False,
    "COOKIES_ENABLED": False,
    "HTTPPROXY_ENABLED": False,
    "METAREFRESH_ENABLED": False,
    "HTTPCACHE_ENABLED": False,
    "JOBDIR": None,
    "FEEDS": {},
    "EXTENSIONS": {
        **dict.fromkeys(_OFF_EXTENSIONS),
        "scrapy.extensions.memusage.MemoryUsage": None,
        "crawlers.memory.PresentMemoryUsage": 0,
    },
    "SPIDER_MIDDLEWARES": dict.fromkeys(_OFF_SPIDER_MIDDLEWARES),
    # The frontier's order, not the newest first.
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
    # The guard: names and sockets.
    "TWISTED_DNS_RESOLVER": "crawlers.resolver.GuardedResolver",
    "DNSCACHE_ENABLED": False,
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "DOWNLOAD_WARNSIZE": 0,
    "REDIRECT_ENABLED": True,
    "REDIRECT_MAX_TIMES": MAX_REDIRECTS,
    "RETRY_ENABLED": False,  # a retry is a row of the frontier
    "RETRY_HTTP_CODES": [],
    # Manners.
    "ROBOTSTXT_OBEY": True,
    "CONCURRENT_REQUESTS": CONCURRENT_REQUESTS,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "DOWNLOAD_DELAY_JITTER": 0.5,
    "AUTOTHROTTLE_TARGET_CONCURRENCY": 0.75,
    # The line. Scrapy starts as many tasks per response as CONCURRENT_ITEMS says (scrapy#5182).
    "CONCURRENT_ITEMS": 4,
    "SCRAPER_SLOT_MAX_ACTIVE_SIZE": MAX_UNSTORED_BYTES,
    "DOWNLOADER_MIDDLEWARES": {
        **dict.fromkeys(_OFF_MIDDLEWARES),
        "crawlers.middlewares.AddressRules": 50,
        "crawlers.middlewares.PoliteRobots": 100,
        "crawlers.middlewares.BoundedDecompression": 590,
        "crawlers.middlewares.GuardedRedirects": 600,
        "crawlers.middlewares.HostPace": 900,
        "crawlers.api_keys.ApiKeys": 950,
    },
    "MEMUSAGE_ENABLED": True,
    "MEMUSAGE_LIMIT_MB": MEMORY_LIMIT_MB,
    "DEFAULT_DROPITEM_LOG_LEVEL": "DEBUG",  # the line would quote the item, that is the page
    "STATS_DUMP": False,
    "LOG_INSTALL_ROOT_HANDLER": False,
    "LOG_ENABLED": False,  # our own logging stands already
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
}
# Settings that name what Scrapy imports when a crawl starts.
_NAMING = (
    "DOWNLOADER", "DOWNLOADER_MIDDLEWARES", "DOWNLOADER_MIDDLEWARES_BASE", "SPIDER_MIDDLEWARES",
    "SPIDER_MIDDLEWARES_BASE", "EXTENSIONS", "EXTENSIONS_BASE", "DUPEFILTER_CLASS", "ITEM_PROCESSOR",
    "LOG_FORMATTER", "REQUEST_FINGERPRINTER_CLASS", "ROBOTSTXT_PARSER", "SCHEDULER", "SCHEDULER_MEMORY_QUEUE",
    "SCHEDULER_PRIORITY_QUEUE", "STATS_CLASS", "TWISTED_DNS_RESOLVER", "TWISTED_REACTOR",
)  # fmt: skip


def load_parts() -> None:
    """Import what Scrapy would import by name at the start of each crawl."""
    settings = ScrapySettings(_FIXED)
    for setting in _NAMING:
        named = settings[setting]
        for path in [named] if isinstance(named, str) else named:
            import_module(path.rpartition(".")[0])
    for path in filter(None, settings["DOWNLOAD_HANDLERS"].values()):
        import_module(path.rpartition(".")[0])


def scrapy_settings(settings: Settings, source: SourceConfig) -> dict[str, Any]:
    """Settings of the crawl of one source.

    Args:
        settings: ours; addresses that may be connected to come from here alone.
        source: its limits may only be narrower than what is set here.
    """
    limits = source.limits
    return {
        **deepcopy(_FIXED),  # who gets it may change it
        OUR_SETTINGS: settings,
        # Limits of one answer; the timeout is for the whole transfer.
        "DOWNLOAD_MAXSIZE": limits.max_body_bytes,
        "DOWNLOAD_TIMEOUT": limits.timeout_seconds,
        "USER_AGENT": settings.user_agent,
        "DOWNLOAD_DELAY": limits.delay_seconds,
        # Without a delay (only hosts that our settings lead to loopback) there is nobody to spare.
        "AUTOTHROTTLE_ENABLED": limits.delay_seconds > 0,
        "AUTOTHROTTLE_START_DELAY": limits.delay_seconds,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": ",".join(
                f"{language.value};q={1 - n / 10:.1f}" for n, language in enumerate(source.languages[:5])
            ),
        },
    }
