"""The fitted bytes of the statistical part: what it is, how it is written and read back.

An artifact is never in git: it is fitted from ``corpus/train`` on the user's
machine (:mod:`classifiers.train`), the same bytes every time, and kept in the
blob store. It is read with skops, which runs no code from the file.
"""

import hashlib
import io
import zipfile
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import Rejected

FORMAT = 1
_FIRST_DAY_OF_ZIP = (1980, 1, 1, 0, 0, 0)


class BadArtifact(Rejected):
    """An artifact is damaged or was fitted for another version; fit it anew with ``saqshy train``."""

    status = 503


@dataclass(frozen=True, slots=True, eq=False)
class Artifact:
    """Weights of a linear reading; K outputs: see ``outputs``.

    Attributes:
        outputs: "flag", the purposes (given that the ad is flagged), "demand" (likewise).
        concepts: names of the N concepts, in the order of the lexicon it was fitted with.
        piece_keys: numbers of the known pieces of words, ascending; uint32 of shape (P,).
        pieces: their weights, (P, K).
        said: weights of concepts said, then denied, (2 N, K).
        said_rarity: how rare each of them is in the texts, (2 N,); the block has length 1 in every ad.
        near: weights of two concepts near each other, (N * N, K), in the row lower number * N + higher.
        near_rarity: likewise, (N * N,).
        sign_codes: indicators and counter-signs.
        signs: their weights, (len(sign_codes), K).
        form: weights of ``features.FORM``, (len(FORM), K).
        bias: (K,).
        slope: calibration, (K,): probability = 1 / (1 + exp(-(slope * margin + shift))).
        shift: (K,).
        threshold: probability of "flag" from which an ad is flagged.
        n_texts: how many texts it was fitted on.
    """

    outputs: tuple[str, ...]
    concepts: tuple[str, ...]
    piece_keys: NDArray[np.uint32]
    pieces: NDArray[np.float32]
    said: NDArray[np.float32]
    said_rarity: NDArray[np.float32]
    near: NDArray[np.float32]
    near_rarity: NDArray[np.float32]
    sign_codes: tuple[str, ...]
    signs: NDArray[np.float32]
    form: NDArray[np.float32]
    bias: NDArray[np.float32]
    slope: NDArray[np.float32]
    shift: NDArray[np.float32]
    threshold: float
    n_texts: int


def to_bytes(artifact: Artifact) -> bytes:
    """Return an artifact as bytes; the same artifact gives the same bytes."""
    from skops import io as skops_io  # type: ignore[import-untyped]  # a second: only when it is needed

    written = skops_io.dumps(
        {"format": FORMAT, "scikit_learn": _scikit_learn_version(), "artifact": asdict(artifact)}
    )
    return _without_times(written)


def _without_times(archive: bytes) -> bytes:
    """Return a zip archive with its entries in order and dated alike: equal content is equal bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            entry = zipfile.ZipInfo(name, _FIRST_DAY_OF_ZIP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name), compresslevel=6)
    return target.getvalue()


def from_bytes(data: bytes, *, sha256: str) -> Artifact:
    """Read an artifact back.

    Args:
        data: what ``to_bytes`` returned.
        sha256: of the bytes, from the row that names them; checked before anything is read.

    Raises:
        BadArtifact: other bytes, another scikit-learn minor version, another format, or damage.
    """
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadArtifact("The artifact of the classifier is damaged: its SHA-256 is another.")
    from skops import io as skops_io

    try:
        content: dict[str, Any] = skops_io.loads(data)
        fitted_with, here = content["scikit_learn"], _scikit_learn_version()
        if content["format"] != FORMAT or fitted_with != here:
            raise BadArtifact(
                f"The artifact was fitted with scikit-learn {fitted_with}, format {content['format']}; "
                f"here are {here} and {FORMAT}. Run: saqshy train"
            )
        return Artifact(**content["artifact"])
    except BadArtifact:
        raise
    except Exception as error:  # skops raises of many kinds on damage; all mean the same to the caller
        raise BadArtifact(f"The artifact of the classifier cannot be read: {error}") from error


def _scikit_learn_version() -> str:
    """Return major and minor version, which say whether fitted numbers mean the same."""
    import sklearn  # type: ignore[import-untyped]

    return ".".join(sklearn.__version__.split(".")[:2])
