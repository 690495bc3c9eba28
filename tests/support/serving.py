"""A Flask app served for real on a free port of this machine."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server


@contextmanager
def serving(app: Flask, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve the app by threads, and give its address without a slash at the end."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    if tls is not None:
        # The handshake waits for the thread of its connection: a silent client blocks only itself.
        server.ssl_context = tls
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
