"""The fitted bytes of the statistical part: what it is, how it is written and read back.

An artifact is never in git: it is fitted from ``corpus/train`` on the user's
machine (:mod:`classifiers.train`), the same bytes every time, and kept in the
blob store. It holds plain numbers only: reading it runs no code. (skops was
tried: it writes memory addresses into its files, so equal fits were not equal
bytes, and reading it imports scikit-learn into every worker.)
"""

import hashlib
import io
import zipfile
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from models.errors import Rejected

FORMAT = 2
_HEADER = "header.json"
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
        piece_keys: numbers of the known pieces of words and of neighbours, ascending; uint32 of shape (P,).
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
    """Return an artifact as bytes; the same artifact gives the same bytes.

    A zip archive of plain numbers: a JSON header and one ``.npy`` a table.
    """
    fields = asdict(artifact)
    tables = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    header = {
        "format": FORMAT,
        "scikit_learn": scikit_learn_version(),
        **{name: value for name, value in fields.items() if name not in tables},
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        _add(archive, _HEADER, orjson.dumps(header, option=orjson.OPT_SORT_KEYS))
        for name in sorted(tables):
            table = io.BytesIO()
            np.save(table, tables[name], allow_pickle=False)
            _add(archive, f"{name}.npy", table.getvalue())
    return target.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add an entry dated like all others, so that equal content is equal bytes."""
    entry = zipfile.ZipInfo(name, _FIRST_DAY_OF_ZIP)
    # Not compressed: weights hardly shrink, and every start would wait for it.
    archive.writestr(entry, data, compress_type=zipfile.ZIP_STORED)


def from_bytes(data: bytes, *, sha256: str) -> Artifact:
    """Read an artifact back; nothing in it can run.

    Args:
        data: what ``to_bytes`` returned.
        sha256: of the bytes, from the row that names them; checked before anything is read.

    Raises:
        BadArtifact: other bytes, another scikit-learn minor version, another format, or damage.
    """
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadArtifact("The artifact of the classifier is damaged: its SHA-256 is another.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            header: dict[str, Any] = orjson.loads(archive.read(_HEADER))
            tables = {
                name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name != _HEADER
            }
        fitted_with = (header.pop("format"), header.pop("scikit_learn"))
        # Any: whatever a header holds; Artifact's own names are checked by the call, its numbers by use.
        fields: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in header.items()}
        artifact = Artifact(**fields | tables)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, OSError) as error:
        raise BadArtifact(f"The artifact of the classifier cannot be read: {error}") from error
    if fitted_with != (FORMAT, scikit_learn_version()):
        raise BadArtifact(
            f"The artifact has format {fitted_with[0]} and was fitted with scikit-learn {fitted_with[1]}; "
            f"here are {FORMAT} and {scikit_learn_version()}. Run: saqshy train"
        )
    return artifact


def scikit_learn_version() -> str:
    """Return major and minor version, which say whether fitted numbers mean the same."""
    # Asked without importing it: a second and a hundred megabytes that scoring does not need.
    return ".".join(metadata.version("scikit-learn").split(".")[:2])
