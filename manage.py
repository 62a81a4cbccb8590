def main() -> None:
    raise SystemExit("being written")
