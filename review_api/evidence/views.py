"""Pages: the evidence of a case, its pictures, the package and the cover sheet that leave."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request, Response

from models.enums import Role
from review_api.auth.schemas import Person
from review_api.deps import Reader, ServicesDep, require
from review_api.evidence.schemas import CaseEvidence
from review_api.fields import IdPath
from review_api.frame import make_frame
from review_api.rendering import go_to, render
from review_api.services import Services
from review_api.tasks.detail import find_case

router = APIRouter()

# What leaves the house, leaves by those who answer for it.
MAY_EXPORT = (Role.APPROVER, Role.OFFICER)
Exporter = Annotated[Person, require(*MAY_EXPORT)]


@dataclass(frozen=True)
class EvidencePage:
    """All stored files behind a case; ``open_picture`` is the one that was asked to be shown."""

    evidence: CaseEvidence
    may_export: bool
    open_picture: int | None = None


@router.get("/cases/{task_id}/evidence")
def show_evidence(request: Request, services: ServicesDep, person: Reader, task_id: IdPath) -> Response:
    """Every item with its checks, noted as read; opens no picture."""
    return _page(request, services, person, task_id)


@router.post("/cases/{task_id}/evidence/pictures/{picture_id}")
def open_picture(
    request: Request, services: ServicesDep, person: Reader, task_id: IdPath, picture_id: IdPath
) -> Response:
    """The same page with one picture open."""
    return _page(request, services, person, task_id, open_picture=picture_id)


@router.get("/cases/{task_id}/evidence/pictures/{picture_id}")
def send_picture(services: ServicesDep, person: Reader, task_id: IdPath, picture_id: IdPath) -> Response:
    """The PNG, encoded by us; each sending is noted as a reading."""
    with services.db.write() as session:
        task = find_case(session, task_id)
        png = services.evidence.read_picture(
            session, task, picture_id, actor=person.actor, now=services.now()
        )
    return Response(png, media_type="image/png")


@router.post("/cases/{task_id}/evidence/items/{evidence_id}/picture")
def ask_for_picture(services: ServicesDep, person: Reader, task_id: IdPath, evidence_id: IdPath) -> Response:
    """Ask for a picture of a stored page; the worker takes it."""
    with services.db.write() as session:
        task = find_case(session, task_id)
        services.evidence.want_picture(session, task, evidence_id, actor=person.actor, now=services.now())
    return go_to(f"/cases/{task_id}/evidence", "picture_wanted")


@router.post("/cases/{task_id}/evidence/export")
def export_evidence(services: ServicesDep, person: Exporter, task_id: IdPath) -> Response:
    """The package; it is noted before it leaves."""
    with services.db.write() as session:
        task = find_case(session, task_id)
        package = services.evidence.export(session, task, actor=person.actor, now=services.now())
    return _download(package.content, "application/wacz", package.name)


@router.post("/cases/{task_id}/evidence/print")
def print_evidence(services: ServicesDep, person: Exporter, task_id: IdPath) -> Response:
    """The cover sheet alone; noted as printed."""
    with services.db.write() as session:
        task = find_case(session, task_id)
        sheet = services.evidence.cover_sheet(session, task, actor=person.actor, now=services.now())
    return _download(sheet, "application/pdf", f"{task.case_number}.pdf")


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _page(
    request: Request,
    services: Services,
    person: Person,
    task_id: int,
    *,
    open_picture: int | None = None,
) -> Response:
    with services.db.read() as session:
        evidence = services.evidence.of_case(session, find_case(session, task_id))
    with services.db.write() as session:
        services.evidence.note_read(session, evidence, actor=person.actor, now=services.now())
    page = EvidencePage(evidence, person.role in MAY_EXPORT, open_picture)
    return render("evidence.html", make_frame(request, services, person, "queue"), page, request=request)
