"""What a worker asks of a crawl process."""

import json
from dataclasses import dataclass

from pydantic import SecretStr

from models.config import Settings, load_settings

EXIT_CANNOT_STORE = 3


@dataclass(frozen=True)
class Order:
    """What a worker asks of this process."""

    run_id: int
    settings: Settings

    def to_line(self) -> bytes:
        """One line for standard input; passes on only what a crawl needs."""
        fields = self.settings.model_dump(
            mode="json",
            include={
                "data_dir", "database_url", "user_agent", "loopback_allow", "host_overrides",
                "lease_seconds", "log_format", "log_level", "chromium",
            },
        )  # fmt: skip
        for name in ("hh_token", "vk_token"):  # dumped they would be stars
            key: SecretStr | None = getattr(self.settings, name)
            fields[name] = key.get_secret_value() if key is not None else None
        return json.dumps({"run_id": self.run_id, "settings": fields}).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Order":
        """Read what :meth:`to_line` wrote."""
        fields = json.loads(line)
        return cls(int(fields["run_id"]), load_settings(**fields["settings"]))
