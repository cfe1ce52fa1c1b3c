"""The programs, compiled once for this machine."""

from __future__ import annotations

import pytest

from update.build import SANITIZED, Build, compile_program


@pytest.fixture(scope="session")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return compile_program(tmp_path_factory.mktemp("campaign"), "campaign")


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return compile_program(tmp_path_factory.mktemp("cases"), "cases", flags=SANITIZED)
