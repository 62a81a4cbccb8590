"""How the server answers: hosts, validators, editions, restarts."""

import hashlib
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from crawlers.sample_web.ads import Host, SampleAd, in_edition, load_ads
from crawlers.sample_web.editions import SampleStateDamaged
from crawlers.sample_web.server import SampleWeb, matches
from tests.crawlers.sample_web.client import ad_path, ask, listing_paths

REMOVED = next(ad for ad in load_ads(Host.BARAHOLKA) if ad.gone_at)
NEW = next(ad for ad in load_ads(Host.BARAHOLKA) if ad.first_edition == 2)
EDITED = next(ad for ad in load_ads(Host.BARAHOLKA) if ad.change)


def read_ads(web: SampleWeb, ads: list[SampleAd]) -> None:
    for ad in ads:
        assert ask(web, ad.host, ad_path(ad)).status == 200


def first_ads(host: Host) -> list[SampleAd]:
    return in_edition(load_ads(host), 1)


def crawl(web: SampleWeb, host: Host) -> None:
    """Read a site as a crawler does: lists first, then each ad."""
    for path in listing_paths(host):
        ask(web, host, path)
    read_ads(web, first_ads(host))


def begin_again(web: SampleWeb) -> None:
    """Ask for the same list twice: the second time is a new crawl."""
    for _ in range(2):
        ask(web, Host.BARAHOLKA, "/")


def is_second_edition(web: SampleWeb) -> bool:
    """Ask for the new ad, which is no listing and so moves nothing."""
    return ask(web, Host.BARAHOLKA, ad_path(NEW)).status == 200


def test_an_unknown_host_is_not_found(web: SampleWeb) -> None:
    for host in ("localhost", "olx.example", "baraholka.example.evil.example", ""):
        assert ask(web, host, "/").status == 404


def test_the_port_in_the_host_header_does_not_matter(web: SampleWeb) -> None:
    _, port = web.address
    plain = ask(web, Host.BARAHOLKA, "/")
    assert plain.body == ask(web, f"BARAHOLKA.example:{port}", "/").body


def test_the_feed_writes_its_links_as_it_was_asked(web: SampleWeb) -> None:
    assert b"<link>http://habar.example/item/5301</link>" in ask(web, Host.HABAR, "/feed.xml").body
    body = ask(web, "habar.example:8080", "/feed.xml").body
    assert b"<link>http://habar.example:8080/item/5301</link>" in body


def test_headers_are_honest(web: SampleWeb) -> None:
    ad = first_ads(Host.JUMYS)[0]
    reply = ask(web, ad.host, ad_path(ad))
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    assert reply.headers["ETag"] == f'"{hashlib.sha256(reply.body).hexdigest()[:32]}"'
    assert parsedate_to_datetime(reply.headers["Last-Modified"]) == ad.published_at
    assert ask(web, Host.HABAR, "/feed.xml").headers["Content-Type"] == "application/rss+xml; charset=utf-8"


def test_an_unchanged_page_answers_304_without_a_body(web: SampleWeb) -> None:
    path = ad_path(first_ads(Host.JUMYS)[0])
    etag = ask(web, Host.JUMYS, path).headers["ETag"]
    again = ask(web, Host.JUMYS, path, **{"If-None-Match": etag})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert ask(web, Host.JUMYS, path, **{"If-None-Match": '"other"'}).status == 200


def test_errors_carry_no_validators_and_are_never_304(web: SampleWeb) -> None:
    missing = ask(web, Host.JUMYS, "/vacancy/1", **{"If-None-Match": "*"})
    assert missing.status == 404
    assert missing.headers["ETag"] is None
    assert missing.headers["Last-Modified"] is None


@pytest.mark.parametrize(
    ("header", "is_match"),
    [(None, False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False)],
)
def test_if_none_match(header: str | None, is_match: bool) -> None:
    assert matches(header, '"a"') is is_match


def test_head_answers_like_get_without_a_body_and_is_no_reading(web: SampleWeb) -> None:
    got = ask(web, Host.HABAR, "/feed.xml")
    head = ask(web, Host.HABAR, "/feed.xml", method="HEAD")
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(got.body))
    for ad in first_ads(Host.BARAHOLKA):
        ask(web, ad.host, ad_path(ad), method="HEAD")
    begin_again(web)
    assert not is_second_edition(web)


def test_other_methods_are_refused(web: SampleWeb) -> None:
    assert ask(web, Host.BARAHOLKA, "/", method="POST").status == 501


def test_a_first_crawl_sees_one_edition_from_end_to_end(web: SampleWeb) -> None:
    ads = first_ads(Host.BARAHOLKA)
    read_ads(web, ads[:-1])
    ask(web, Host.BARAHOLKA, "/obyavleniya/")
    assert not is_second_edition(web), "one ad has not been read"
    read_ads(web, ads[-1:])
    read_ads(web, [REMOVED, EDITED])
    ask(web, Host.BARAHOLKA, "/uslugi/?page=1")
    assert not is_second_edition(web), "a list not asked for before belongs to the same crawl"
    ask(web, Host.BARAHOLKA, "/obyavleniya/")
    assert is_second_edition(web), "a list asked for again begins a new crawl"


def test_the_next_crawl_sees_the_second_edition(web: SampleWeb) -> None:
    before = ask(web, Host.BARAHOLKA, ad_path(EDITED))
    crawl(web, Host.BARAHOLKA)
    listing = ask(web, Host.BARAHOLKA, "/obyavleniya/?page=1")
    text = "".join(ask(web, Host.BARAHOLKA, f"/obyavleniya/?page={n}").body.decode() for n in range(1, 5))
    assert ad_path(NEW) in text
    assert ad_path(REMOVED) not in text
    assert EDITED.change
    assert EDITED.change.title
    assert EDITED.change.title in text
    removal = REMOVED.gone_at
    assert removal
    assert parsedate_to_datetime(listing.headers["Last-Modified"]) >= removal

    gone = ask(web, Host.BARAHOLKA, ad_path(REMOVED))
    assert gone.status == 410
    assert REMOVED.title not in gone.body.decode()
    after = ask(web, Host.BARAHOLKA, ad_path(EDITED), **{"If-None-Match": before.headers["ETag"]})
    assert after.status == 200, "same address, new bytes, so the old validator does not hold"
    assert "Удостоверение на хранение" in after.body.decode()
    assert parsedate_to_datetime(after.headers["Last-Modified"]) == EDITED.change.at


def test_what_did_not_change_keeps_its_validator_in_the_second_edition(web: SampleWeb) -> None:
    before = {ad.key: ask(web, ad.host, ad_path(ad)).headers["ETag"] for ad in first_ads(Host.BARAHOLKA)}
    begin_again(web)
    assert is_second_edition(web)
    for ad in in_edition(load_ads(Host.BARAHOLKA), 2):
        if ad.key in before and not ad.change:
            assert ask(web, ad.host, ad_path(ad), **{"If-None-Match": before[ad.key]}).status == 304


def test_sites_turn_each_for_itself_and_a_channel_turns_by_its_listing_alone(web: SampleWeb) -> None:
    for _ in range(2):
        for path in listing_paths(Host.KANAL):
            ask(web, Host.KANAL, path)
    assert "подняли!" in ask(web, Host.KANAL, "/s/shymkent_bazar").body.decode()
    ask(web, Host.BARAHOLKA, "/")
    assert not is_second_edition(web)


def test_a_restart_does_not_go_back(tmp_path: Path) -> None:
    state = tmp_path / "sample" / "editions.json"
    ads = first_ads(Host.BARAHOLKA)
    with SampleWeb(state) as web:
        read_ads(web, ads[:10])
    with SampleWeb(state) as web:
        read_ads(web, ads[10:])
        begin_again(web)
        assert is_second_edition(web)
    with SampleWeb(state) as web:
        assert is_second_edition(web)
        assert ask(web, Host.BARAHOLKA, ad_path(REMOVED)).status == 410
    with SampleWeb(None) as web:
        assert not is_second_edition(web)


@pytest.mark.parametrize("content", ["", "[]", '{"baraholka.example": {}}', '{"x": {"edition": "y"}}'])
def test_a_damaged_state_file_is_named(tmp_path: Path, content: str) -> None:
    state = tmp_path / "editions.json"
    state.write_text(content, encoding="utf-8")
    with pytest.raises(SampleStateDamaged, match=r"editions\.json"):
        SampleWeb(state).start()


def test_many_readers_at_once_lose_nothing(tmp_path: Path) -> None:
    state = tmp_path / "editions.json"
    ads = [ad for host in Host for ad in first_ads(host)]
    with SampleWeb(state) as web, ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda ad: ask(web, ad.host, ad_path(ad)).status, ads))
        assert set(replies) == {200}
        begin_again(web)
        assert is_second_edition(web)


def test_stop_frees_the_port_and_may_be_called_twice() -> None:
    web = SampleWeb()
    address = web.start()
    web.stop()
    web.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=1)
    with pytest.raises(RuntimeError):
        _ = web.address


def test_a_taken_port_is_an_error(web: SampleWeb) -> None:
    with pytest.raises(OSError, match="in use"):
        SampleWeb(port=web.address[1]).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_runs_in_a_process_of_its_own_and_ends_on_a_signal(number: signal.Signals) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = f"from crawlers.sample_web.server import serve; serve({port}, None)"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) as process:
        try:
            wait_for(port)
            process.send_signal(number)
            _, errors = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, b"")


def wait_for(port: int, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens on {port}")
