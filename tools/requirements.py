"""Print requirements of pyproject.toml: ``python tools/requirements.py build cli test`` names parts, extras and groups.

For a pip that does not know ``--group`` yet, and for installing the dependencies without the package.
"""

import sys
import tomllib
from pathlib import Path

document = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
project = document["project"]
parts = {"build": document["build-system"]["requires"], "core": project["dependencies"]}
parts |= project["optional-dependencies"] | document["dependency-groups"]
print(*sorted({line for part in sys.argv[1:] for line in parts[part]}), sep="\n")
