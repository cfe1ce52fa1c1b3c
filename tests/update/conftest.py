"""The campaign, compiled once for this machine."""

from __future__ import annotations

import pytest

from update.build import Build, compile_program


@pytest.fixture(scope="session")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return compile_program(tmp_path_factory.mktemp("campaign"), "campaign", parts=("flows",))
