"""Where artifacts lie: fitted at first need, found again by what they were fitted from."""

import gc
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from classifiers.artifact import Artifact, BadArtifact, from_bytes, to_bytes
from classifiers.dataset import CORPUS, read_corpus
from classifiers.lexicon import FOLDER, load_lexicon
from classifiers.risk import CODE_VERSION, ClassifiedText, classifier_version, classify
from classifiers.statistics import Scorer
from models.blobs import BlobDamaged, BlobMissing, BlobStore

_SHA256 = re.compile("[0-9a-f]{64}")
# Its numbers (strengths, share of the threshold) make another artifact, though no score is worked out here.
_FITTING = Path(__file__).with_name("train.py")

Reporter = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Installed:
    """The artifact in use.

    Attributes:
        scorer: ready for use.
        sha256: of its bytes; part of the classifier's version.
    """

    scorer: Scorer
    sha256: str

    @property
    def version(self) -> str:
        """Name of the classifier that this artifact makes with the lexicon and the code."""
        return classifier_version(self.sha256)

    def classify(self, text: str, title: str | None = None, pictures: str | None = None) -> ClassifiedText:
        """Read one ad; see :func:`classifiers.risk.classify`."""
        return classify(text, title, self.scorer, pictures)


def install(folder: Path, on_step: Reporter = lambda _: None) -> Installed:
    """Return the artifact that belongs to this code, lexicon and corpus; fit it if it is not there yet.

    Args:
        folder: of the artifacts (``Settings.artifacts_dir``).
        on_step: told what is being fitted.

    Raises:
        BadArtifact: the file is there and damaged, or of another scikit-learn version.
    """
    return load(folder) if is_fitted(folder) else refit(folder, on_step)


def is_fitted(folder: Path) -> bool:
    """Say whether an artifact that belongs to this code, lexicon and corpus is there, without loading it."""
    return _pointer(folder).exists()


def load(folder: Path) -> Installed:
    """Return the artifact that belongs to this code, lexicon and corpus; never fit it.

    Raises:
        BadArtifact: it is not fitted yet, damaged, or of another scikit-learn version.
    """
    if not any(folder.glob("fitted-from-*")):
        raise BadArtifact("The classifier is not fitted yet. Run: saqshy train")
    pointer = _pointer(folder)
    if not pointer.exists():
        raise BadArtifact("The classifier was fitted from other texts or words. Run: saqshy train")
    sha256 = pointer.read_bytes().strip().decode("ascii", "replace")
    if not _SHA256.fullmatch(sha256):
        raise BadArtifact("The note of which artifact is in use is damaged. Run: saqshy train")
    try:
        data = BlobStore(folder).get(sha256)
    except (BlobMissing, BlobDamaged) as error:
        raise BadArtifact(
            "The artifact of the classifier is missing or damaged. Run: saqshy train", sha256=sha256
        ) from error
    load_lexicon(folder)
    return Installed(_scorer(from_bytes(data, sha256=sha256)), sha256)


def refit(folder: Path, on_step: Reporter = lambda _: None) -> Installed:
    """Fit the artifact anew and keep it; the same texts, lexicon and libraries give the same bytes."""
    # Half a second of scikit-learn, which those who only score do not need.
    from classifiers.train import fit

    artifact = fit(read_corpus("train"), load_lexicon(folder), on_step)
    store = BlobStore(folder)
    data = to_bytes(artifact)
    sha256 = hashlib.sha256(data).hexdigest()
    damaged = store.path(sha256)
    if damaged.exists() and hashlib.sha256(damaged.read_bytes()).hexdigest() != sha256:
        damaged.unlink()
    store.put(data)
    pointer = _pointer(folder)
    written = pointer.with_suffix(f".{os.getpid()}.tmp")
    written.write_text(sha256 + "\n", "ascii")
    written.replace(pointer)
    return Installed(_scorer(artifact), sha256)


def _scorer(artifact: Artifact) -> Scorer:
    if artifact.concepts != tuple(load_lexicon().concepts.definitions):
        raise BadArtifact("The artifact was fitted with other concepts. Run: saqshy train")
    scorer = Scorer(artifact)
    # What is loaded stays to the end; collecting garbage in it took a tenth of the time of reading ads.
    gc.freeze()
    return scorer


def _pointer(folder: Path) -> Path:
    """Return the file that names the artifact fitted from the present inputs."""
    digest = hashlib.sha256(f"{CODE_VERSION}:{_lexicon_sha256()}".encode())
    digest.update(_FITTING.read_bytes())
    for path in sorted((CORPUS / "train").glob("*.jsonl")):
        digest.update(path.read_bytes())
    return folder / f"fitted-from-{digest.hexdigest()[:32]}"


def _lexicon_sha256() -> str:
    """Return ``load_lexicon().sha256`` without parsing the files, which takes seconds."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(FOLDER.rglob("*.yaml")))).hexdigest()
