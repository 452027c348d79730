"""Fixtures of the tests of the test kit."""

from __future__ import annotations

import pytest
from fakes import VENDORS


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)
