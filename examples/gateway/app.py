"""Build the application."""

from __future__ import annotations

from pathlib import Path

from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

import crossbook.fastapi
from crossbook.fastapi import Jobs

from . import books, contacts, docs, groups, imports, page
from .guard import GuardedFastAPI
from .settings import Settings, accounts

LARGEST_BODY = 64 * 1024  # bytes; imports have their own limit


def create_app(settings: Settings | None = None) -> GuardedFastAPI:
    """Return the gateway, a FastAPI application.

    Args:
        settings: those of the environment by default.
    """
    settings = settings or Settings()
    found, missing = accounts(settings)
    jobs = Jobs(settings.jobs)
    jobs.task(imports.import_file)
    app = GuardedFastAPI(
        title="crossbook gateway",
        summary="One API over four vendors' address books.",
        lifespan=crossbook.fastapi.lifespan(jobs=jobs, **found),
        max_body_size=LARGEST_BODY,
        # FastAPI's own pages run scripts of another server. Those could read and write every contact.
        docs_url=None,
        redoc_url=None,
    )
    crossbook.fastapi.install(app)
    app.state.settings, app.state.missing, app.state.jobs = settings, missing, jobs
    # The gateway has no login, so a page of another site must not reach it through DNS rebinding.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts)
    for part in (books, contacts, groups, imports, page, docs):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    return app
