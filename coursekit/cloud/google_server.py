"""The program of the embedded Google Cloud Storage: gcp-storage-emulator, served by threads.

The emulator's own server takes one connection at a time, so that a client with two open streams
waits for itself. Here each connection has a thread; only the handling itself is one at a time.
It ends when its standard input closes.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from functools import partial
from http.server import ThreadingHTTPServer

from gcp_storage_emulator.server import RequestHandler, Router
from gcp_storage_emulator.storage import Storage

LOOPBACK = "127.0.0.1"

_one_at_a_time = threading.Lock()


class _Handler(RequestHandler):
    def _answer(self) -> None:
        # What is written waits in memory: a slow reader must not hold the lock.
        connection, self.wfile = self.wfile, io.BytesIO()
        try:
            with _one_at_a_time:
                Router(self).handle(self.command)
        finally:
            answer, self.wfile = self.wfile.getvalue(), connection
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        # A client that has read enough closes its connection; that is no error.
        pass


def main(port: int) -> None:
    """Serve until standard input closes."""
    logging.disable()
    server = _Server((LOOPBACK, port), partial(_Handler, Storage(use_memory_fs=True)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on port {server.server_port}", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
