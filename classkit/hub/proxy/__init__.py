"""The proxy in front of JupyterHub and of the learners' servers: a Node program, Jupyter's own."""

from __future__ import annotations

from pathlib import Path

from coursekit.ground import npm

HERE = Path(__file__).parent
MAIN = Path("node_modules", "configurable-http-proxy", "bin", "configurable-http-proxy")
PROGRAM = npm.Program(
    "proxy",
    "configurable-http-proxy, JupyterHub's proxy",
    HERE,
    MAIN,
    size="2 MB to download, 10 MB on disk",
    room="20 MB",
)


def command() -> list[str]:
    """Return the proxy's command line, for ``ConfigurableHTTPProxy.command``.

    Raises
    ------
    CourseError
        It is not installed, and cannot be: no Node, no network, a full disk.
    """
    return [str(npm.node()), str(PROGRAM.install() / MAIN)]
