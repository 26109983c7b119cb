"""One call of boto3 on its way to a real account, as the rules of each service see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coursekit.cloud.real_account import TAG

__all__ = ["TAG", "Call"]


@dataclass
class Call:
    """Service, operation, parameters, region of its client; and whether it only signs a URL."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str | None = None
    signs_url: bool = False

    @property
    def python_name(self) -> str:
        """The operation as boto3 spells it."""
        letters = (f"_{c.lower()}" if c.isupper() else c for c in self.operation)
        return "".join(letters).lstrip("_")
