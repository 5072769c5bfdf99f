from typing import Any

__all__ = ["read_toml"]

def read_toml(text: bytes) -> dict[str, Any]: ...
