"""`saqshy evidence show`, `export` and `erase`; imports of services stand inside the functions."""

from pathlib import Path
from typing import Annotated

import typer

from models.audit import OPERATOR
from models.blobs import write_durably
from models.errors import NotFound
from models.installation import open_installation
from models.worker import utc_now
from review_api.commands import CannotWrite, open_services

evidence = typer.Typer(no_args_is_help=True, help="Evidence: show, export, anchor, erase.")

CaseNumber = Annotated[str, typer.Argument(help="Case number, such as 2026-000123.")]


@evidence.command()
def show(subject: Annotated[str, typer.Argument(help="Case number, or number of an ad.")]) -> None:
    """Check the evidence of a case or an ad and say what holds; noted as a reading."""
    from models.ad import Ad
    from review_api.evidence.repository import find_task

    home = open_installation()
    service = open_services(home).evidence
    with home.database.write() as session:
        task = find_task(session, subject)
        ad = session.get(Ad, int(subject)) if subject.isdigit() else None
        if task is not None:
            found = service.of_case(session, task)
        elif ad is not None:
            found = service.of_ad(session, ad)
        else:
            raise NotFound(f"There is neither a case nor an ad {subject}.")
        service.note_read(session, found, actor=OPERATOR, now=utc_now())
    for item in found.items:
        typer.echo(f"evidence {item.evidence_id}: {item.state.value}")
        typer.echo(f"  address   {item.url}")
        typer.echo(f"  sha256    {item.sha256} ({item.size_bytes} bytes, {item.kind.value})")
        typer.echo(f"  received  {item.captured_at.isoformat()} (server: {item.server_date or '-'})")
        for stamp in item.stamps:
            covered = " on the day" if stamp.covers_day else ""
            typer.echo(f"  stamped   {stamp.stamped_at.isoformat()} by {stamp.authority}{covered}")
        if item.picture is not None:
            said = "erased" if item.picture.erased_id else item.picture.state.value
            typer.echo(f"  picture   {said} {item.picture.sha256 or ''}".rstrip())
        for problem in item.problems:
            typer.echo(f"  DAMAGED   {problem}")


@evidence.command()
def export(
    case: CaseNumber,
    file: Annotated[Path | None, typer.Argument(help="File to write; CASE.wacz unless given.")] = None,
) -> None:
    """Write the evidence of a case as a WACZ with everything that proves it; noted."""
    from review_api.evidence.repository import find_task

    home = open_installation()
    path = file or Path(f"{case}.wacz")
    if path.exists():
        raise CannotWrite(f"{path} exists already; name a new file.")
    with home.database.write() as session:
        task = find_task(session, case)
        if task is None:
            raise NotFound(f"There is no case {case}.")
        package = open_services(home).evidence.export(session, task, actor=OPERATOR, now=utc_now())
    write_durably(path, package.content)
    typer.echo(f"{path}: {package.n_items} items, SHA-256 {package.sha256}")
    typer.echo("How to check it without us stands in its cover/cover.pdf.")


@evidence.command()
def erase(
    evidence_id: Annotated[int, typer.Argument(help="Number of the item, as `evidence show` says it.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit log. No names.")],
) -> None:
    """Erase the bytes of one item and what was read in its ads' pictures; rows, hashes and stamps stay."""
    from models.evidence import Evidence

    home = open_installation()
    with home.database.write() as session:
        row = session.get(Evidence, evidence_id)
        if row is None:
            raise NotFound(f"There is no evidence {evidence_id}.")
        erased = open_services(home).evidence.erase(
            session, row, reason=reason, actor=OPERATOR, now=utc_now()
        )
    for sha256 in erased.files:
        home.store.path(sha256).unlink(missing_ok=True)
    typer.echo(f"Evidence {evidence_id} is erased; its hash {row.sha256} stays.")
    if len(erased.files) > 1:
        typer.echo("The picture of its page is erased, too.")
    if erased.n_versions:
        typer.echo(f"Words read in pictures are erased from {erased.n_versions} versions of ads.")
    if erased.held_by:
        ids = ", ".join(map(str, erased.held_by))
        typer.echo(f"Other stored pages show the same pictures and keep their words: evidence {ids}.")
    typer.echo("Copies stay in backups, in packages and lists that left: see docs/operations.md.")
