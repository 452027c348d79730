"""The ASGI application: each vendor below its name, and `/_sandbox` for tests."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route, Router

from .control import control_routes
from .options import Options
from .sandbox import Endpoint, Sandbox
from .store import Store
from .vendor import Operation, Vendor


def create_app(store: Store | None = None, options: Options | None = None) -> Starlette:
    """Build the four vendors as one ASGI application.

    Args:
        store: The database; by default a new one in memory. Whoever made it closes it.
        options: The switches; by default each vendor's likeliest behaviour.

    Returns:
        The application. `app.state.faults` takes faults, `app.state.sandbox` is everything behind it.

    Example:
        `httpx.AsyncClient(transport=httpx.ASGITransport(create_app()), base_url="http://sandbox/atom")`
    """
    sandbox = Sandbox(store or Store(), options or Options())
    mounts = [Mount(f"/{name}", _vendor_app(sandbox, vendor)) for name, vendor in sandbox.vendors.items()]
    app = Starlette(routes=[*mounts, Mount("/_sandbox", routes=control_routes(sandbox))])
    app.state.sandbox = sandbox
    app.state.faults = sandbox.faults
    return app


def _vendor_app(sandbox: Sandbox, vendor: Vendor[Any]) -> Router:
    paths: dict[str, dict[str, Operation[Any]]] = {}
    for operation in vendor.operations:
        for path in operation.paths:
            paths.setdefault(path, {}).update(dict.fromkeys(operation.methods, operation))
    routes = [Route(path, Endpoint(sandbox, vendor, operations)) for path, operations in paths.items()]
    return Router(routes, redirect_slashes=False, default=Endpoint(sandbox, vendor, {}))
