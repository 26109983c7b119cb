"""A small web service on 127.0.0.1, served by a thread of this process, with TLS if asked for.

A thread ends with its process in every case, a killed one included, so that no service is left
behind. Two processes never share one: each gets a free port of its own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    import ssl

    from werkzeug.serving import BaseWSGIServer

LOOPBACK = "127.0.0.1"


class Service:
    """A WSGI application at a free port of 127.0.0.1.

    Parameters
    ----------
    application : callable
        A WSGI application, such as a Flask app.
    name : str
        What it stands for; messages and the thread carry it.
    tls : bool
        Serve https. The certificate is made for this run, and `authority` is the file of the
        authority that signed it.

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

    def __init__(self, application: Callable, *, name: str, tls: bool = False) -> None:
        self.name = name
        self.authority: str | None = None
        context = self._certificate() if tls else None
        self._server = _listen(application, name, context)
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._server.serve_forever, name=name, daemon=True)
        self._thread.start()
        self.url = f"{'https' if tls else 'http'}://{LOOPBACK}:{self._server.server_port}"
        os.register_at_fork(after_in_child=self._forget_socket)

    def stop(self) -> bool:
        """End the service and free its port; tell whether this process was its owner."""
        if os.getpid() != self._process:
            return False
        self._server.shutdown()
        # The thread closes the port as the last thing it does; after stop() it must be free.
        self._thread.join()
        if self.authority:
            self._remove_files()
        return True

    def _certificate(self) -> ssl.SSLContext:
        import ssl

        import trustme

        authority = trustme.CA()
        folder = Path(tempfile.mkdtemp(prefix="coursekit-"))
        self._remove_files = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        authority.cert_pem.write_to_path(folder / "authority.pem")
        self.authority = str(folder / "authority.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(LOOPBACK).configure_cert(context)
        return context

    def _forget_socket(self) -> None:
        # A forked child would otherwise hold the port after the kernel was killed.
        self._server.socket.close()


def _listen(application: Callable, name: str, context: ssl.SSLContext | None) -> BaseWSGIServer:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        def log_request(self, *_: object) -> None:
            pass

    try:
        return make_server(
            LOOPBACK, 0, application, threaded=True, request_handler=Silent, ssl_context=context
        )
    except OSError as error:
        raise CourseError(
            f"{name} could not listen on {LOOPBACK}: {error.strerror}.",
            "Run `coursekit doctor`; it tells what is wrong with this machine.",
        ) from error
