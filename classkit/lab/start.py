"""``python -m classkit.lab.start MODULE ARGUMENTS``: a Jupyter program, started sooner.

jsonschema tries for a package that checks internationalised addresses, and importing that builds
a grammar: a second of work, half of a server's start. None of Jupyter's schemas has such a format;
jsonschema does without where the package is missing, and here it is told that it is.
"""

from __future__ import annotations

import runpy
import sys


def skip_grammar() -> None:
    """Let jsonschema do without the grammar of addresses, unless it is there already."""
    sys.modules.setdefault("rfc3987_syntax", None)  # an import of it raises ImportError


def main() -> None:
    """Run a module as ``python -m`` does, without the grammar."""
    skip_grammar()
    sys.argv[:] = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
