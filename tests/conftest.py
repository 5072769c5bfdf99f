"""Profiles of Hypothesis, and the data that lie outside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Deadlines measure the machine; where time matters a test compares two times.
# CI tries the same examples for the same tests, so that what it says is about the change; others try new ones.
CI = os.environ.get("CI") == "true"
settings.register_profile(
    "dev", max_examples=50, deadline=None, derandomize=CI, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "ci",
    max_examples=1000,
    deadline=None,
    derandomize=CI,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if CI else "dev"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of open development data, which is no part of the project."""
    place = Path(os.environ.get("PHONOSEARCH_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not place.is_dir():
        pytest.skip(reason=f"{place} is missing; PHONOSEARCH_SHARED_DATA names the folder of the development data")
    return place
