"""A web service inside the kernel, and the base of the emulators that the course wrote itself.

A thread ends with its process in every case, a killed one included, so that no service is left
behind. Two processes never share one: each gets a free port of its own on 127.0.0.1.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.cloud.kernel_cloud import LOOPBACK
from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    import ssl


class Server:
    """A WSGI application, served by a thread at a free port of 127.0.0.1.

    Parameters
    ----------
    application : callable
        A WSGI application, such as a Flask app.
    name : str
        What it stands for; messages and the thread carry it.
    handler : type, optional
        A request handler of werkzeug; its own by default.
    tls : bool
        Serve https, with a certificate made for this run.

    Attributes
    ----------
    url : str
        Its address, without a slash at the end.
    authority : str or None
        Path of the certificate that a client has to trust; None without TLS. The file goes with
        `stop`, or when the process ends.

    Raises
    ------
    CourseError
        When it cannot listen.
    """

    def __init__(
        self,
        application: Callable,
        name: str,
        *,
        handler: type | None = None,
        tls: bool = False,
    ) -> None:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Silent(handler or WSGIRequestHandler):
            def log_request(self, *_: object) -> None:
                pass

        self.authority: str | None = None
        context = self._make_certificate() if tls else None
        try:
            self._server = make_server(
                LOOPBACK, 0, application, threaded=True, request_handler=Silent, ssl_context=context
            )
        except OSError as error:
            raise CourseError(
                f"{name} could not listen on {LOOPBACK}: {error.strerror}.",
                "Run `coursekit doctor`; it tells what is wrong with this machine.",
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name=name, daemon=True)
        self._thread.start()
        self.url = f"{'https' if tls else 'http'}://{LOOPBACK}:{self._server.server_port}"
        # A forked child would otherwise hold the port after the kernel was killed.
        os.register_at_fork(after_in_child=self._server.socket.close)

    def stop(self) -> None:
        """End the service and free its port."""
        self._server.shutdown()
        # The thread closes the port as the last thing it does; after stop() it must be free.
        self._thread.join()
        if self.authority:
            self._remove_certificate()

    def _make_certificate(self) -> ssl.SSLContext:
        import ssl

        import trustme

        authority = trustme.CA()
        folder = Path(tempfile.mkdtemp(prefix="coursekit-"))
        self._remove_certificate = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        authority.cert_pem.write_to_path(folder / "authority.pem")
        self.authority = str(folder / "authority.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(LOOPBACK).configure_cert(context)
        return context


class Refused(Exception):
    """An error that the service reports: a status, and a body in the shape of its provider."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


def route(method: str, path: str) -> Callable[[Callable], Callable]:
    """Mark a method of an `Emulator`: it answers requests to this path, in Flask's notation."""

    def mark(function: Callable) -> Callable:
        function.routes = (*getattr(function, "routes", ()), (method, path))
        return function

    return mark


class Emulator(Server):
    """A service that keeps records, and answers one request at a time.

    A kind of emulator has methods marked by `route`. They return what Flask takes, or raise
    `Refused`.
    """

    def __init__(self, name: str, *, tls: bool = False) -> None:
        from flask import Flask

        self._lock = threading.Lock()
        self.clear()
        app = Flask(__name__)
        for function in vars(type(self)).values():
            for method, path in getattr(function, "routes", ()):
                endpoint = str(len(app.view_functions))
                app.add_url_rule(path, endpoint, self._one_at_a_time(function), methods=[method])
        super().__init__(app, name, tls=tls)

    def clear(self) -> None:
        """Forget everything."""
        raise NotImplementedError

    def admit(self, **place: str) -> dict[str, str]:
        """Refuse a request that comes to the wrong place; return what is left of its path."""
        raise NotImplementedError

    def _one_at_a_time(self, function: Callable) -> Callable:
        def answer(**place: str) -> Any:
            with self._lock:
                try:
                    return function(self, **self.admit(**place))
                except Refused as refused:
                    return refused.body, refused.status

        return answer
