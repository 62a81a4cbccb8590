"""The web application: JSON API and pages over the same services."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from index.engine import SearchEngine
from models.audit import AuditLog
from models.config import Settings
from models.enums import Role
from models.session import Database
from models.worker import utc_now
from review_api import metrics, pages
from review_api.ads import endpoints as ads
from review_api.audit import endpoints as audit_endpoints
from review_api.auth import endpoints as auth
from review_api.auth.schemas import Person
from review_api.blocklist import endpoints as blocklist
from review_api.deps import ServicesDep, public, require
from review_api.errors import add_error_handlers
from review_api.hand_ins import endpoints as hand_ins
from review_api.middlewares import BodyLimit, HeadAsGet, SecurityHeaders
from review_api.people import endpoints as people
from review_api.services import Clock, build_services
from review_api.sources import endpoints as sources
from review_api.tasks import endpoints as tasks

JSON_ROUTERS: tuple[APIRouter, ...] = (
    auth.router,
    tasks.router,
    ads.router,
    blocklist.router,
    audit_endpoints.router,
    people.router,
    sources.router,
    hand_ins.router,
)
STATIC_FOLDER = Path(__file__).with_name("static")
system = APIRouter(prefix="/api", tags=["system"])


class ReviewApp(FastAPI):
    """FastAPI with limits and headers outside of everything, the error handlers included."""

    is_https = False
    hosts: tuple[str, ...] = ()

    def build_middleware_stack(self) -> ASGIApp:
        """Headers first, so that no response whatever leaves without them."""
        inner: ASGIApp = BodyLimit(HeadAsGet(super().build_middleware_stack()))
        guarded = TrustedHostMiddleware(inner, allowed_hosts=self.hosts, www_redirect=False)
        return SecurityHeaders(guarded, is_https=self.is_https)


def create_app(
    settings: Settings,
    *,
    db: Database,
    audit: AuditLog,
    search: SearchEngine,
    now: Clock = utc_now,
) -> FastAPI:
    """Put the application together; nothing is read or written before the first request but the keys.

    Args:
        settings: of this installation.
        db: with the newest schema.
        audit: the audit log under the installation's key.
        search: the index engine; may be unavailable, which search then says.
        now: the clock.

    Raises:
        BadSettings: a key or a data file is damaged.
    """
    app = ReviewApp(title="Saqshy", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    app.is_https = (settings.public_url or "").startswith("https://")
    app.hosts = _allowed_hosts(settings)
    app.state.services = build_services(settings, db, audit, search, now=now)
    for router in (*JSON_ROUTERS, system, metrics.router, *pages.routers):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")
    add_error_handlers(app, pages.render_error)
    return app


def _allowed_hosts(settings: Settings) -> tuple[str, ...]:
    own = urlsplit(settings.public_url or "").hostname
    return (*settings.allowed_hosts, *([own] if own else []))


@system.get("/v1/health")
def health(services: ServicesDep, _rule: Annotated[Person | None, public()]) -> Mapping[str, str]:
    """Whether the process answers and reaches its database; says nothing else to strangers."""
    with services.db.read() as session:
        session.connection().exec_driver_sql("SELECT 1")
    return {"status": "ok"}


@system.get("/docs/openapi.json", include_in_schema=False)
def openapi(
    services: ServicesDep, _person: Annotated[Person, require(Role.ADMIN)]
) -> dict[str, Any]:  # Any: JSON
    """The description of this API, for administrators who connect other systems."""
    routes = [route for router in (*JSON_ROUTERS, system) for route in router.routes]
    return get_openapi(
        title="Saqshy",
        version="1",
        summary="Review of ads, decisions by two people, numbered blocking lists.",
        description=_DESCRIPTION,
        routes=routes,
        servers=[{"url": services.settings.public_url}] if services.settings.public_url else None,
    )


_DESCRIPTION = """
Sign in with `POST /api/v1/login`: the answer sets the login's cookie and holds `csrf_token`, which every
changing request carries in the header `X-CSRF-Token`. Times are UTC. Lists give `next_cursor`; send it
as `cursor` for the next page. Every error is `{"code", "message", "context"}`; `code` is stable.
"""
