"""Legal grounds that a confirmation may name: data, since the law is not ours to fix in code."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from models.errors import BadSettings
from review_api.blocklist.schemas import LegalGround

GROUNDS_FILE = Path(__file__).with_name("legal_grounds.yaml")


class LegalGrounds:
    """The grounds in the order of the file."""

    def __init__(self, path: Path = GROUNDS_FILE) -> None:
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
            grounds = [
                LegalGround(
                    str(item["code"]), dict(item["titles"]), dict(item["law"]), bool(item["is_verified"])
                )
                for item in data
            ]
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
            raise BadSettings(f"The legal grounds {path} cannot be read.") from error
        self._by_code = {ground.code: ground for ground in grounds}

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __iter__(self) -> Iterator[LegalGround]:
        return iter(self._by_code.values())

    def get(self, code: str | None) -> LegalGround | None:
        """The ground of that code, if it is (still) in the file."""
        return self._by_code.get(code or "")
