"""Bytes to text: every encoding of the region, right and wrong labels, and what no store takes."""

from pathlib import Path

import pytest

from crawlers.decode import decode, storable

RUSSIAN = "<p>Требуются девушки на работу за границу, съёмное жильё, зарплата высокая.</p>"
KAZAKH = (
    "<p>Шетелге жұмысқа қыздар керек, жақсы табыс, құжаттарды өзіміз рәсімдейміз. Ең үлкен мүмкіндік.</p>"
)


@pytest.mark.parametrize(
    ("body", "content_type", "text", "charset"),
    [
        (RUSSIAN.encode(), None, RUSSIAN, "utf-8"),
        (b"\xef\xbb\xbf" + RUSSIAN.encode(), "text/html; charset=windows-1251", RUSSIAN, "utf-8"),
        (b"\xff\xfe" + RUSSIAN.encode("utf-16-le"), None, RUSSIAN, "utf-16-le"),
        (b"\xfe\xff" + RUSSIAN.encode("utf-16-be"), "text/html; charset=utf-8", RUSSIAN, "utf-16-be"),
        (("<html>" * 9 + RUSSIAN).encode("utf-16-le"), None, "<html>" * 9 + RUSSIAN, "utf-16-le"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=windows-1251", RUSSIAN, "cp1251"),
        (RUSSIAN.encode("koi8-r"), "text/html; charset=koi8-r", RUSSIAN, "koi8-r"),
        (
            b"<meta charset='windows-1251'>" + RUSSIAN.encode("cp1251"),
            None,
            "<meta charset='windows-1251'>" + RUSSIAN,
            "cp1251",
        ),
        (RUSSIAN.encode(), "text/html; charset=windows-1251", RUSSIAN, "utf-8"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=utf-8", RUSSIAN, "cp1251"),
        (RUSSIAN.encode("cp1251"), None, RUSSIAN, "cp1251"),
        (KAZAKH.encode(), None, KAZAKH, "utf-8"),
        (KAZAKH.encode("kz1048"), "text/html; charset=windows-1251", KAZAKH, "kz1048"),
        (KAZAKH.encode("kz1048"), "text/html; charset=kz-1048", KAZAKH, "kz1048"),
        ("naïve €".encode("cp1252"), "text/html; charset=iso-8859-1", "naïve €", "cp1252"),
        (b"plain", "text/html; charset=no-such-thing", "plain", "utf-8"),
        (b"+ADw-script+AD4-", "text/html; charset=utf-7", "+ADw-script+AD4-", "utf-8"),
        (b"+ADw-" + RUSSIAN.encode("cp1251"), "text/html; charset=utf_7", "+ADw-" + RUSSIAN, "cp1251"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=base64", RUSSIAN, "cp1251"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=unicode_escape", RUSSIAN, "cp1251"),
        (b"", None, "", "utf-8"),
    ],
)
def test_text_comes_out_right(body: bytes, content_type: str | None, text: str, charset: str) -> None:
    decoded = decode(body, content_type)
    assert (decoded.text, decoded.charset, decoded.n_lost) == (text, charset, 0)


def test_a_wrong_label_is_noted() -> None:
    assert decode(RUSSIAN.encode(), "text/html; charset=windows-1251").problems == (
        "charset_mismatch: said cp1251, is utf-8",
    )


@pytest.mark.parametrize(
    ("body", "n_lost"),
    [
        (RUSSIAN.encode() + b"\xff", 1),
        (RUSSIAN.encode() + b"\xc0\xaf", 2),  # overlong form of "/"
        (RUSSIAN.encode() + b"\xed\xa0\x80", 3),  # a lone surrogate in UTF-8's shape
        (RUSSIAN.encode()[:-5] + "\ufffd".encode(), 0),  # the page itself holds the character
        (RUSSIAN.encode() + "\ufffd".encode() + b"\xff", 1),
    ],
)
def test_unreadable_bytes_are_counted(body: bytes, n_lost: int) -> None:
    decoded = decode(body, "text/html; charset=utf-8")
    assert decoded.n_lost == n_lost
    assert decoded.problems == ((f"undecodable_bytes: {n_lost}",) if n_lost else ())
    decoded.text.encode()


def test_nul_is_removed_and_noted() -> None:
    decoded = decode(b"sa\x00le\x00", "text/html; charset=utf-8")
    assert (decoded.text, decoded.problems) == ("sale", ("nul_removed: 2",))


def test_lone_surrogates_are_removed_and_counted_and_pairs_stay() -> None:
    assert storable("a\ud800b\udfff😀") == ("ab😀", ("lone_surrogates_removed: 2",))


@pytest.mark.parametrize(
    ("name", "charset", "phrase", "problems"),
    [
        ("cp1251_streetstorm_blog_p1.html", "cp1251", "<title>Новости</title>", ()),
        ("cp1251_streetstorm_blog_p5.html", "cp1251", "<title>Новости</title>", ()),
        (
            "declared_cp1251_actual_utf8_allnokia_ru.html",
            "utf-8",
            "Nokia",
            ("charset_mismatch: said cp1251, is utf-8",),
        ),
        (
            "declared_cp1251_actual_utf8_molypoly_ru.html",
            "utf-8",
            "и",
            ("charset_mismatch: said cp1251, is utf-8",),
        ),
        (
            "declared_cp1251_actual_utf8_naviny_by.html",
            "utf-8",
            "Беларус",
            ("charset_mismatch: said cp1251, is utf-8",),
        ),
        ("no_charset_bsuir_by.html", "utf-8", "БГУИР", ("charset_mismatch: said cp1251, is utf-8",)),
        ("archive.org.he.xinhuanet.com.25340717.html", "gb18030", "新华网", ()),
        ("tierschutzpartei.de-wildvogelauffang.html", "utf-8", "für", ("undecodable_bytes: 4",)),
        ("nmb-media.de.ebay.html", "cp1250", "Alle Auswählen", ()),
        ("cp1252_notebooksbilliger_forum.html", "cp1252", "für", ()),
        ("automobilwoche.de-VW-Betriebsversammlung.html", "cp1252", "für", ()),
    ],
)
def test_saved_pages(
    shared_dir: Path, name: str, charset: str, phrase: str, problems: tuple[str, ...]
) -> None:
    decoded = decode((shared_dir / "fixtures" / "encodings" / name).read_bytes())
    assert (decoded.charset, decoded.problems) == (charset, problems)
    assert phrase in decoded.text
    assert "Ð" not in decoded.text
