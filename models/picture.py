"""Pictures of ads: which are wanted, what they were, and what stands in them. Their bytes are never kept."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ad import Ad
from models.base import Base, RowId, enum_column
from models.enums import AdPictureState, PictureProblem

# Pictures whose perceptual hashes differ in at most this many of 64 bits are taken for one picture:
# sized down and compressed again it keeps within 2, another poster of the same make is 6 away or more.
MAX_BITS_APART = 3
# One more piece than bits that may differ: of two such hashes at least one piece is equal.
N_BANDS = MAX_BITS_APART + 1
# ``AdVersion.picture_text`` once it was erased; a version that never had such words has None.
ERASED = ""


class ReadPicture(Base):
    """One picture by the hash of its bytes, read once however many ads show it; only its words may be erased.

    ``problem`` says why it was not read, or not whole, or that its words were
    erased; ``text`` is "" where no words were found and None where there are none. ``confidence`` is the
    recogniser's own, in [0, 1].
    """

    __tablename__ = "read_picture"

    id: Mapped[RowId]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size_bytes: Mapped[int]
    format: Mapped[str | None] = mapped_column(String(8))
    width: Mapped[int | None]
    height: Mapped[int | None]
    # 64 bits in hexadecimal, after imagehash.phash.
    perceptual_hash: Mapped[str | None] = mapped_column(String(16))
    problem: Mapped[PictureProblem | None] = mapped_column(enum_column(PictureProblem))
    text: Mapped[str | None]
    confidence: Mapped[float | None]
    reader: Mapped[str | None] = mapped_column(String(64))
    read_at: Mapped[datetime]


class PictureBand(Base):
    """One piece of a picture's perceptual hash; pictures with an equal piece are compared."""

    __tablename__ = "picture_band"
    __table_args__ = (Index("ix_picture_band_key", "band", "key"),)

    picture_id: Mapped[int] = mapped_column(ForeignKey("read_picture.id"), primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(4))


class AdPicture(Base):
    """An address that an ad gives for one of its pictures, and what came of it."""

    __tablename__ = "ad_picture"
    __table_args__ = (
        UniqueConstraint("ad_id", "url_sha256"),
        Index("ix_ad_picture_state_problem", "state", "problem"),
        Index("ix_ad_picture_url_sha256", "url_sha256"),
    )

    id: Mapped[RowId]
    ad_id: Mapped[int] = mapped_column(ForeignKey("ad.id"))
    url: Mapped[str]
    # See picture_key: the frontier knows it by the same.
    url_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[AdPictureState] = mapped_column(enum_column(AdPictureState), default=AdPictureState.WANTED)
    problem: Mapped[PictureProblem | None] = mapped_column(enum_column(PictureProblem))
    wanted_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("read_picture.id"), index=True)

    ad: Mapped[Ad] = relationship()
    picture: Mapped[ReadPicture | None] = relationship()


def picture_key(url: str) -> str:
    """What a picture's address is known by: never the key of a page at the same address.

    Otherwise an ad that gives another ad's page for its picture would have
    that page fetched as a picture, and left out as a page.
    """
    return sha256(f"picture {url}".encode()).hexdigest()


def bands_of(perceptual_hash: str) -> list[tuple[int, str]]:
    """Number and value of each piece of a perceptual hash."""
    size = len(perceptual_hash) // N_BANDS
    return [(band, perceptual_hash[band * size : (band + 1) * size]) for band in range(N_BANDS)]


def bits_apart(one: str, other: str) -> int:
    """In how many bits two perceptual hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
