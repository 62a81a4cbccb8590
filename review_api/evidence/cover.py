"""The cover sheet of a package, in Kazakh and Russian: what it holds and how to check it without us."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import WrapMode
from fpdf.fonts import TTFFont

from review_api.evidence.checking import ItemFiles, stamp_command
from review_api.evidence.schemas import CaseEvidence, Item, PictureFacts
from review_api.i18n import Words, load_words

LANGUAGES = ("kk", "ru")
_TEXT, _CODE = "DejaVu", "DejaVuMono"
# Characters of one picture's words; a picture may hold a page of them.
_MAX_WORDS = 2000
# These fonts have every Kazakh letter and come with a library that is here anyway.
_FONTS = (
    (_TEXT, "", "DejaVuSans.ttf"),
    (_TEXT, "B", "DejaVuSans-Bold.ttf"),
    (_CODE, "", "DejaVuSansMono.ttf"),
)


@cache
def _fonts_dir() -> Path:
    # Found without importing the library, which takes half a second.
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise AssertionError("matplotlib is a dependency")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


def make_cover(case: CaseEvidence, files: Sequence[ItemFiles], *, now: datetime) -> bytes:
    """The sheet as PDF.

    Args:
        case: the items it describes.
        files: where their parts lie in the package.
        now: present time.
    """
    sheet = Sheet()
    for language in LANGUAGES:
        _write(sheet, load_words(language), case, files, now)
    return bytes(sheet.output())


class Sheet(FPDF):
    """A4 with few forms of text."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.set_margin(18)
        self.set_auto_page_break(True, 18)
        for family, style, name in _FONTS:
            self.add_font(family, style, _fonts_dir() / name)

    def title_line(self, text: str) -> None:
        """The largest line."""
        self._put(text, _TEXT, 16, style="B", height=8)

    def heading(self, text: str) -> None:
        """A section's name."""
        self.ln(3)
        self._put(text, _TEXT, 11, style="B", height=6)

    def text_line(self, text: str) -> None:
        """Running text."""
        self._put(text, _TEXT, 9, height=5)

    def code(self, text: str) -> None:
        """A command or hash, broken anywhere."""
        self.set_fill_color(240, 240, 240)
        self._put(text, _CODE, 7.5, height=4.2, is_filled=True)

    def _put(
        self, text: str, family: str, size: float, *, height: float, style: str = "", is_filled: bool = False
    ) -> None:
        self.set_font(family, style, size)
        self.multi_cell(
            0,
            height,
            self._printable(text),
            new_x="LMARGIN",
            new_y="NEXT",
            align="L",
            fill=is_filled,
            wrapmode=WrapMode.CHAR if is_filled else WrapMode.WORD,
        )

    def _printable(self, text: str) -> str:
        """What the font has no letter for as a box; otherwise the library logs it, and it stands nowhere."""
        font = self.current_font
        known = font.cmap if isinstance(font, TTFFont) else {}
        return "".join(letter if letter == "\n" or ord(letter) in known else "□" for letter in text)


def _write(sheet: Sheet, words: Words, case: CaseEvidence, files: Sequence[ItemFiles], now: datetime) -> None:
    t = words.text
    sheet.add_page()
    sheet.title_line(t("cover.title", case=case.case_number))
    sheet.text_line(t("cover.made", at=words.at(now)))
    sheet.text_line(t("cover.source", source=case.source))
    for item, own in zip(case.items, _of_items(files), strict=True):
        _write_item(sheet, words, item, own)
    if case.pictures:
        sheet.heading(t("cover.ad_pictures"))
        sheet.text_line(t("cover.ad_pictures_how"))
    for number, picture in enumerate(case.pictures, 1):
        _write_picture(sheet, words, number, picture)
    sheet.heading(t("cover.check"))
    sheet.text_line(t("cover.check_all"))
    sheet.code(f"unzip {case.case_number}.wacz -d evidence\ncd evidence\nsh verify/verify.sh")
    sheet.text_line(t("cover.check_files"))
    sheet.code("sha256sum -c verify/sha256sum.txt")
    for own in files:
        key = "cover.check_page_picture" if own.is_picture else "cover.check_item"
        sheet.text_line(t(key, number=own.number))
        commands = [f"{own.read} > item", "sha256sum item"]
        commands += [stamp_command(stamp, "item") for stamp in own.stamps]
        commands += [f"openssl ts -reply -in {answer} -text" for answer, _ in own.stamps[:1]]
        sheet.code("\n".join(commands))
        sheet.code(own.sha256)
    sheet.text_line(t("cover.check_day"))
    sheet.text_line(t("cover.replay"))
    sheet.text_line(t("cover.roots"))


def _of_items(files: Sequence[ItemFiles]) -> list[ItemFiles]:
    return [one for one in files if one.archive is not None]


def _write_item(sheet: Sheet, words: Words, item: Item, own: ItemFiles) -> None:
    t = words.text
    sheet.heading(t("cover.item", number=own.number))
    sheet.code(item.url)
    sheet.text_line(t("cover.captured", at=words.at(item.captured_at), server=item.server_date or "–"))
    sheet.text_line(t("cover.hash"))
    sheet.code(item.sha256)
    if not item.stamps:
        sheet.text_line(t("cover.no_stamp"))
    for stamp in item.stamps:
        key = "cover.stamp_day" if stamp.covers_day else "cover.stamp"
        sheet.text_line(t(key, authority=stamp.authority, at=words.at(stamp.stamped_at)))
    if item.picture is not None and item.picture.sha256:
        browser = item.picture.browser or "–"
        sheet.text_line(t("cover.picture", browser=browser))


def _write_picture(sheet: Sheet, words: Words, number: int, picture: PictureFacts) -> None:
    t = words.text
    sheet.text_line(t("picture.number", number=number))
    sheet.code(picture.url)
    if picture.sha256 is not None:
        sheet.text_line(t("cover.ad_picture_hashes"))
        sheet.code(f"SHA-256  {picture.sha256}\npHash    {picture.perceptual_hash or '-'}")
    if picture.problem is not None:
        sheet.text_line(words.word(picture.problem))
    elif picture.words is None:
        sheet.text_line(t("cover.ad_picture_waits"))
    if picture.words == "":
        sheet.text_line(t("picture.no_words"))
    elif picture.words is not None:
        percent = words.number(round(100 * (picture.confidence or 0)))
        sheet.text_line(t("cover.ad_picture_words", percent=percent))
        sheet.code(_shortened(picture.words))
        if len(picture.words) > _MAX_WORDS:
            sheet.text_line(t("cover.ad_picture_more"))


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_WORDS else f"{text[:_MAX_WORDS]}…"
