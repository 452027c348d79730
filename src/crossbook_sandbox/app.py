"""The ASGI application: each vendor below its name, and `/_sandbox` to control the sandbox."""

from __future__ import annotations

from collections.abc import Collection

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from .control import control_routes
from .options import Options
from .routing import Vendors
from .sandbox import Sandbox
from .store import Store


def create_app(store: Store | None = None, options: Options | None = None, *, hosts: Collection[str] = ()) -> Starlette:
    """Build the four vendors as one ASGI application.

    Args:
        store: The database; by default a new one in memory. The caller closes a store of its own.
        options: The switches; by default each vendor's most likely behaviour.
        hosts: Names by which `/_sandbox` may be reached, in addition to localhost, IP addresses and the server's own
            name. Other names are refused, since the owner of a site can point the site's name to this machine.

    Returns:
        The application. `app.state.faults` holds the faults and `app.state.sandbox` the vendors.

    Example:
        `httpx.AsyncClient(transport=httpx.ASGITransport(create_app()), base_url="http://sandbox/atom")`
    """
    sandbox = Sandbox(store or Store(), options or Options())
    app = Starlette(
        routes=[Mount("/_sandbox", routes=control_routes(sandbox, hosts))],
        middleware=[Middleware(Vendors, sandbox=sandbox)],
    )
    app.state.sandbox = sandbox
    app.state.faults = sandbox.faults
    return app
