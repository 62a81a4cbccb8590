import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.urls import _IS_CANONICAL, BadUrl, canonical_url, check_listable, url_sha256


@pytest.mark.parametrize(
    ("given_url", "clean"),
    [
        (
            "HTTP://WWW.OLX.kz:80/d/Obyavlenie/x-ID1.html?search_reason=a#b",
            "http://www.olx.kz/d/Obyavlenie/x-ID1.html",
        ),
        ("https://t.me/s/jumys?before=12&utm_source=x", "https://t.me/s/jumys?before=12"),
        ("https://forum.kz/viewtopic.php?f=2&sid=0a1b&t=3", "https://forum.kz/viewtopic.php?f=2&t=3"),
        ("https://forum.kz/index.php?PHPSESSID=0a&topic=5.0", "https://forum.kz/index.php?topic=5.0"),
        ("https://forum.kz/index.php?topic=5.0;sid=0a;all", "https://forum.kz/index.php?topic=5.0;all"),
        (
            "https://forum.kz/forumdisplay.php?s=0a&11-Жұмыс",
            "https://forum.kz/forumdisplay.php?11-%D0%96%D2%B1%D0%BC%D1%8B%D1%81",
        ),
        ("https://a.kz/x;jsessionid=0A?s=1&q=a%20b", "https://a.kz/x?q=a%20b"),
        ("https://қазақ.kz/жұмыс", "https://xn--80aau21bd.kz/%D0%B6%D2%B1%D0%BC%D1%8B%D1%81"),
        ("https://a.kz", "https://a.kz/"),
        ("https://a.kz./x?q=a+b&c", "https://a.kz/x?q=a+b&c"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_one_spelling_per_page(given_url: str, clean: str) -> None:
    assert canonical_url(given_url) == clean
    assert canonical_url(clean) == clean
    assert url_sha256(given_url) == url_sha256(clean)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ftp://a.kz/x",
        "javascript:alert(1)",
        "//a.kz/x",
        "http:///x",
        "http://%31%32%37.0.0.1/",
        "http://a b.kz/",
        "http://[fe80::1%25eth0]/",
        "http://u:p@a.kz/x",
        "http://a.kz/\r\nx",
        "http://a.kz\\@b.kz/",
        "http://a.kz:99999/",
        "http://a.kz/" + "x" * 2100,
        "http://" + "a" * 70 + ".kz/",
    ],
)
def test_unsafe_addresses_are_refused(bad: str) -> None:
    with pytest.raises(BadUrl):
        canonical_url(bad)


@given(st.from_regex(_IS_CANONICAL, fullmatch=True))
def test_an_address_known_by_sight_is_what_taking_it_apart_gives(url: str) -> None:
    assert canonical_url(url) == url
    assert canonical_url(f"{url}#") == url  # has to be taken apart


@given(st.text(max_size=60))
def test_any_text_gives_an_address_that_stays_or_an_error(text: str) -> None:
    try:
        clean = canonical_url("http://a.kz/" + text)
    except BadUrl:
        return
    assert canonical_url(clean) == clean
    assert clean.isascii()


@pytest.mark.parametrize(
    "wide", ["https://t.me/", "https://olx.kz", "http://1.2.3.4/x", "http://[::1]/x", "https://a.kz/*"]
)
def test_a_list_line_never_names_a_site_an_address_or_a_wildcard(wide: str) -> None:
    with pytest.raises(BadUrl):
        check_listable(wide)


def test_a_list_line_names_a_post() -> None:
    assert check_listable("https://t.me/s/jumys?before=5") == "https://t.me/s/jumys?before=5"
