"""The documents name what the program has: every setting, command and purpose."""

import re
from pathlib import Path

import pytest
import typer.main

import manage
from models.config import Settings
from models.enums import Purpose

ROOT = Path(__file__).resolve().parent.parent
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
CONCEPTS = (ROOT / "docs/concepts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_explained(name: str) -> None:
    assert f"| `SAQSHY_{name.upper()}` |" in OPERATIONS


def commands() -> list[str]:
    group = typer.main.get_command(manage.app)
    names = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        if not command.hidden:
            names += [f"{name} {sub}" for sub in inner] if inner else [name]
    return names


@pytest.mark.parametrize("name", commands())
def test_every_command_is_explained(name: str) -> None:
    assert f"`{name}`" in OPERATIONS


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_purpose_is_explained(purpose: Purpose) -> None:
    assert f"`{purpose.value}`" in CONCEPTS


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"
