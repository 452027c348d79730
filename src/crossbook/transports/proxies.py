"""The environment's proxies (HTTPS_PROXY, NO_PROXY …), which live in a client of httpx and not in its transport."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass


def proxy_for(origin: str) -> str | None:
    """The proxy that the environment names for this origin, or None."""
    scheme, _, netloc = origin.partition("://")
    proxies = getproxies()
    url = proxies.get(scheme) or proxies.get("all")
    if not url or proxy_bypass(netloc):
        return None
    return url if "://" in url else f"http://{url}"
