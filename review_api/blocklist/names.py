"""Names of a release's folder and files."""

FORMATS = ("csv", "xlsx", "json")
MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.sig"


def folder_name(number: int) -> str:
    """Folder of a finished release."""
    return f"{number:06d}"


def part_name(number: int) -> str:
    """Folder of a release that is being made, or whose row is there and whose last step is not."""
    return f".{number:06d}.part"


def file_name(number: int, kind: str) -> str:
    """Name of one of the three lists."""
    return f"saqshy-blocklist-{number:06d}.{kind}"


def file_names(number: int) -> tuple[str, ...]:
    """All files of a release."""
    return (*(file_name(number, kind) for kind in FORMATS), MANIFEST_NAME, SIGNATURE_NAME)
