from __future__ import annotations

import pytest

from tests.conformance.served import Served


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """serve(worker_class, workers=1, SETTING=…) -> Served; all of them stopped at the end of the
    module.
    """
    running = []

    def start(worker_class, workers=1, **settings):
        log = tmp_path_factory.mktemp("gunicorn") / "log"
        running.append(Served(log, worker_class, workers, **settings))
        return running[-1]

    yield start
    for each in running:
        each.stop()
