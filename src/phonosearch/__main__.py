"""The command ``phonosearch``, and ``python -m phonosearch``."""

from __future__ import annotations

import sys

from phonosearch._errors import MissingExtraError

__all__ = ["main"]


def main() -> None:
    """Run the command line; without its optional dependencies, say how to install them."""
    try:
        from phonosearch._cli import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "phonosearch":
            raise
        print(f"phonosearch: {MissingExtraError('cli', 'the command line')}", file=sys.stderr)
        sys.exit(2)
    app()


if __name__ == "__main__":
    main()
