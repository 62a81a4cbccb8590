"""The signs as data: indicators, counter-signs, concepts, word groups, rules; read from YAML and checked."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from classifiers.lexicon.concepts import Concepts, Frame, parse_frame, read_concepts
from classifiers.lexicon.grammar import BadCue, Cue
from classifiers.lexicon.rules import Rules, read_rules
from models.enums import Purpose
from models.errors import Rejected

__all__ = [
    "BadCue",
    "BadLexicon",
    "Concepts",
    "CounterSign",
    "Cue",
    "Frame",
    "Indicator",
    "Lexicon",
    "WeightIf",
    "load_lexicon",
    "read_lexicon",
]

LANGUAGES = ("kk", "ru", "en")
CUE_LANGUAGES = frozenset({"ru", "kk", "uz", "ky", "en", "any"})
FOLDER = Path(__file__).parent
_GROUPS = frozenset("RSLNOBUDX")


class BadLexicon(Rejected):
    """A lexicon file is wrong; the message names the entry and the fault."""


@dataclass(frozen=True, slots=True)
class WeightIf:
    """Weight of an indicator when another one is found too.

    Attributes:
        weight: takes the place of the plain weight.
        companions: codes (R08), groups (S) or "any_other".
    """

    weight: float
    companions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One sign of trafficking; ``names`` and ``definitions`` by kk, ru, en."""

    code: str
    slug: str
    names: Mapping[str, str]
    definitions: Mapping[str, str]
    weight: float
    weight_if: tuple[WeightIf, ...]
    source: str
    purposes: tuple[Purpose, ...]
    side: str
    cues: tuple[Cue, ...]
    frames: tuple[Frame, ...] = ()
    note: str = ""
    frequent: str = ""

    @property
    def group(self) -> str:
        """First letter of the code."""
        return self.code[0]


@dataclass(frozen=True, slots=True)
class CounterSign:
    """One sign of an honest ad.

    Attributes:
        lowers: codes, groups or "all".
        factor: what it leaves of a weight, 0 to 1.
        is_local: counts only beside the hit, not anywhere in the ad.
        void_with: phrases of the cue language; it does not count in an ad that holds one of them.
    """

    code: str
    slug: str
    names: Mapping[str, str]
    definitions: Mapping[str, str]
    lowers: frozenset[str]
    factor: float
    is_local: bool
    cues: tuple[Cue, ...]
    void_with: tuple[str, ...] = ()
    note: str = ""

    @property
    def weight(self) -> float:
        """A counter-sign adds nothing by itself."""
        return 0.0

    def touches(self, code: str) -> bool:
        """Whether it lowers the indicator of that code."""
        return not self.lowers.isdisjoint({"all", code, code[0]})


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """All signs and rules of one version.

    Attributes:
        indicators: by code, in file order.
        counter_signs: by code.
        live_victim: cues of a cry for help.
        rules: how hits become a flag.
        word_groups: words that cues share, by name of the group and language.
        concepts: what words stand for in every language; see :mod:`classifiers.lexicon.concepts`.
        sha256: of the files it was read from.
        kept_in: folder where its compiled form is kept; None to compile it anew.
    """

    indicators: Mapping[str, Indicator]
    counter_signs: Mapping[str, CounterSign]
    live_victim: tuple[Cue, ...]
    rules: Rules
    word_groups: Mapping[str, Mapping[str, Sequence[object]]]
    concepts: Concepts
    sha256: str
    kept_in: Path | None = None


@cache
def load_lexicon(cache_folder: Path | None = None) -> Lexicon:
    """Return the lexicon that ships with the product; read once per process.

    Args:
        cache_folder: where work done before is kept; only the first call of a process can name it.
    """
    if cache_folder is not None:
        _shipped.cache_folder = cache_folder
    return _shipped.lexicon


class _Shipped:
    """The one lexicon of this process."""

    cache_folder: Path | None = None

    @cached_property
    def lexicon(self) -> Lexicon:
        return read_lexicon(FOLDER, self.cache_folder)


_shipped = _Shipped()


def read_lexicon(folder: Path, cache_folder: Path | None = None) -> Lexicon:
    """Read and check a folder of lexicon files.

    Args:
        folder: of the files.
        cache_folder: where its compiled form is kept; None to compile it anew.

    Raises:
        BadLexicon: a missing field, an unknown code, purpose or language, a code used twice.
        BadCue: a frame that names an unknown concept; cues are read when the lexicon is compiled.
    """
    sha256 = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(folder.rglob("*.yaml")))).hexdigest()
    concepts = read_concepts(folder / "concepts")
    frames: dict[str, Sequence[str]] = _load(folder / "frames.yaml")
    indicators: dict[str, Indicator] = {}
    for path in sorted((folder / "indicators").glob("*.yaml")):
        for entry in _load(path):
            indicator = _read_indicator(entry, concepts, frames.pop(str(entry.get("code")), ()))
            if indicator.code in indicators:
                raise BadLexicon(f"{indicator.code} stands twice")
            indicators[indicator.code] = indicator
    if frames:
        raise BadLexicon(f"frames.yaml names unknown indicators: {', '.join(frames)}")
    counter_signs = {e["code"]: _read_counter_sign(e) for e in _load(folder / "counter_signs.yaml")}
    raw_rules = _load(folder / "rules.yaml")
    lexicon = Lexicon(
        dict(sorted(indicators.items())),
        counter_signs,
        tuple(_read_cues(raw_rules["live_victim"])),
        read_rules(raw_rules),
        _load(folder / "word_groups.yaml"),
        concepts,
        sha256,
        cache_folder,
    )
    _check_codes(lexicon)
    return lexicon


def _load(path: Path) -> Any:  # Any: YAML; each entry is checked where it is read
    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def _read_cues(raw: Mapping[str, list[Any]], *, is_ordinary: bool = False) -> Iterator[Cue]:
    for language, cues in raw.items():
        if language not in CUE_LANGUAGES:
            raise BadLexicon(f"unknown language {language!r} of cues")
        for cue in cues:
            yield Cue(str(cue), language, is_ordinary)


def _read_indicator(entry: Mapping[str, Any], concepts: Concepts, frames: Sequence[str]) -> Indicator:
    code = str(entry.get("code"))
    _check_fields(
        code, entry, {"slug", "names", "definitions", "weight", "source", "purposes", "side", "cues"}
    )
    if code[0] not in _GROUPS:
        raise BadLexicon(f"{code}: unknown group")
    if entry["side"] not in {"offer", "demand", "both"}:
        raise BadLexicon(f"{code}: side is {entry['side']!r}")
    unknown = set(entry["purposes"]) - {*Purpose, "any"}
    if unknown:
        raise BadLexicon(f"{code}: unknown purpose {sorted(unknown)}")
    return Indicator(
        code=code,
        slug=entry["slug"],
        names=entry["names"],
        definitions=entry["definitions"],
        weight=float(entry["weight"]),
        weight_if=tuple(
            WeightIf(float(w["weight"]), frozenset(w["with"])) for w in entry.get("weight_if", ())
        ),
        source=entry["source"],
        purposes=tuple(Purpose(p) for p in entry["purposes"] if p != "any"),
        side=entry["side"],
        cues=(
            *_read_cues(entry["cues"]),
            *_read_cues(entry.get("ordinary", {}), is_ordinary=True),
        ),
        frames=tuple(parse_frame(frame, concepts) for frame in frames),
        note=entry.get("note", ""),
        frequent=entry.get("frequent", ""),
    )


def _read_counter_sign(entry: Mapping[str, Any]) -> CounterSign:
    code = str(entry.get("code"))
    _check_fields(code, entry, {"slug", "names", "definitions", "lowers", "factor", "scope", "cues"})
    if entry["scope"] not in {"ad", "sentence"} or not 0 < entry["factor"] < 1:
        raise BadLexicon(f"{code}: scope or factor")
    return CounterSign(
        code=code,
        slug=entry["slug"],
        names=entry["names"],
        definitions=entry["definitions"],
        lowers=frozenset(entry["lowers"]),
        factor=float(entry["factor"]),
        is_local=entry["scope"] == "sentence",
        cues=tuple(_read_cues(entry["cues"])),
        void_with=tuple(entry.get("void_with", ())),
        note=entry.get("note", ""),
    )


def _check_fields(code: str, entry: Mapping[str, Any], fields: set[str]) -> None:
    missing = fields - entry.keys()
    if missing:
        raise BadLexicon(f"{code}: {', '.join(sorted(missing))} missing")
    for field in ("names", "definitions"):
        if set(entry[field]) != set(LANGUAGES):
            raise BadLexicon(f"{code}: {field} must be in {', '.join(LANGUAGES)}")


def _check_codes(lexicon: Lexicon) -> None:
    """Every code a file names must exist."""
    known = {*lexicon.indicators, *_GROUPS, "any_other", "all"}
    named = {c for i in lexicon.indicators.values() for w in i.weight_if for c in w.companions}
    named |= {c for sign in lexicon.counter_signs.values() for c in sign.lowers}
    named |= lexicon.rules.codes()
    unknown = named - known - lexicon.counter_signs.keys()
    if unknown:
        raise BadLexicon(f"unknown codes: {', '.join(sorted(unknown))}")
