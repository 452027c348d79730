"""A server on loopback that records what it receives and always answers the same."""

import http.server
import threading


class Received(list[tuple[str, str, str]]):
    """The method, path and body of each request."""


def start(status: int = 200, body: str = "{}", content_type: str = "application/json") -> tuple[str, Received]:
    """Start the server in a thread; return its address and the list of the requests that reached it."""
    received = Received()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            received.append((self.command, self.path, self.rfile.read(length).decode()))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 (names of http.server)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}", received
