import pytest

from models.config import load_settings
from models.errors import BadSettings


def test_lists_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAQSHY_LOOPBACK_ALLOW", "127.0.0.1:8400, [::1]:8401")
    monkeypatch.setenv("SAQSHY_HOST_OVERRIDES", "Baraholka.example=127.0.0.1:8400")
    monkeypatch.setenv("SAQSHY_DATABASE_URL", "postgresql://u@h/d")
    settings = load_settings()
    assert settings.loopback_allow == (("127.0.0.1", 8400), ("::1", 8401))
    assert settings.host_overrides == {"baraholka.example": ("127.0.0.1", 8400)}
    assert settings.sqlalchemy_url == "postgresql+psycopg://u@h/d"
    assert not settings.is_sqlite


def test_nothing_on_loopback_is_allowed_unless_asked() -> None:
    assert load_settings().loopback_allow == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOOPBACK_ALLOW", "10.0.0.1:80"),
        ("LOOPBACK_ALLOW", "127.0.0.1"),
        ("PORT", "99999"),
        ("CLAIM_SECONDS", "1"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SAQSHY_{name}", value)
    with pytest.raises(BadSettings, match=f"SAQSHY_{name}"):
        load_settings()
