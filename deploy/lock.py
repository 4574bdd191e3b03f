"""Writes the constraints file from pip's report of what it would install: `make lock`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

HEAD = """# Every version that `make install`, `make test` and `make wheelhouse` install, what others bring along included.
# Made by `make lock`; the versions that the program names itself are chosen in pyproject.toml.
"""


def constraints(report: Path) -> str:
    """One line `name==version` for each package but our own, sorted. Builds of torch for one kind of machine (2.13.0+cpu)
    are their version: which build it is, is the package index's matter."""
    found = {}
    for item in json.loads(report.read_text("utf-8"))["install"]:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        found[name] = item["metadata"]["version"].partition("+")[0]
    found.pop("tiaowen", None)
    return HEAD + "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


if __name__ == "__main__":
    print(constraints(Path(sys.argv[1])), end="")
