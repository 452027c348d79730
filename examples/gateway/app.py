"""The application put together."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

import crossbook.fastapi

from . import books, contacts, groups, imports, page
from .board import Board
from .settings import Settings, accounts


def create_app(settings: Settings | None = None) -> FastAPI:
    """The gateway.

    Args:
        settings: those of the environment by default.
    """
    settings = settings or Settings()
    found, missing = accounts(settings)
    app = FastAPI(
        title="crossbook gateway",
        summary="One API over four vendors' address books.",
        lifespan=crossbook.fastapi.lifespan(**found),
    )
    crossbook.fastapi.install(app)
    app.state.settings, app.state.missing, app.state.board = settings, missing, Board()
    # The gateway has no login: a page elsewhere must not reach it through a name that leads to this machine.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts)
    for part in (books, contacts, groups, imports, page):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    return app
