"""How the web server runs: `gunicorn -w 4 wsgi:app`. The command line wins over what is written
here.
"""

import importlib.util
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import gunicorn.workers

# Loaded by its path: importing it as part of chatapp would bring Flask, SQLAlchemy and Redis into
# the arbiter, before the fork and before the patching.
_spec = importlib.util.spec_from_file_location(
    "eventlet_worker", Path(__file__).parent / "chatapp/engine/worker.py"
)
sys.modules["eventlet_worker"] = _worker = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_worker)
gunicorn.workers.SUPPORTED_WORKERS["eventlet"] = "eventlet_worker.EventletWorker"

worker_class = "eventlet"
worker_connections = 10_000  # each WebSocket is one
threads = 64  # for `-k gthread` only, where each WebSocket holds one

# Each worker listens for itself and the kernel spreads connections evenly: with four workers 60
# clients landed 20/19/11/10. On one inherited socket whoever wakes first takes everything:
# 18/6/0/0. With this on, gunicorn 27 opens no socket in the arbiter (one that nobody accepts from
# would swallow its share) and one per worker after the fork.
reuse_port = True

# Seconds without a sign of life until a worker is killed, and until a client that reads nothing of
# its answer is given up.
timeout = 30
graceful_timeout = 10  # seconds from TERM to KILL; the worker itself is done in three to five
keepalive = 15  # seconds for the next request's headers to be complete

accesslog = None  # the application logs requests itself, structured and without secrets
control_socket_disable = (
    True  # it lives in HOME, which there may be none of, and nobody asked for it
)

# Believing a proxy is the application's business (TRUSTED_PROXIES), not something every local
# process is given.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

_memory = Path("/dev/shm")  # heartbeats and counters are files that should never meet a disk
_memory = _memory if os.access(_memory, os.W_OK) else Path("/tmp")
worker_tmp_dir = str(_memory)
_metrics = _memory / f"chat-metrics-{os.getpid()}"
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={_metrics}"]


def on_starting(server):
    """Counters of a former life would be added to ours, and those of the killed would stay for
    ever.
    """
    for directory in _memory.glob("chat-metrics-*"):
        if not Path("/proc", directory.name.rsplit("-", 1)[1]).exists() or directory == _metrics:
            shutil.rmtree(directory, ignore_errors=True)
    _metrics.mkdir(mode=0o700)
    green = server.cfg.worker_class_str == "eventlet"
    os.environ.setdefault("ASYNC_MODE", "eventlet" if green else "threading")


def post_worker_init(worker):
    """Our worker takes leave of its clients by itself; gunicorn's own would wait for their
    WebSockets to end, which they never do.
    """
    closing = getattr(worker.wsgi, "extensions", {}).get("closing")
    if closing is None or isinstance(worker, _worker.EventletWorker):
        return

    def leave(number, frame):
        threading.Thread(target=closing, name="farewell").start()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, leave)
    signal.siginterrupt(signal.SIGTERM, False)


def child_exit(server, worker):
    from prometheus_client import multiprocess  # noqa: PLC0415 - only once the directory is known

    multiprocess.mark_process_dead(worker.pid, str(_metrics))


def on_exit(server):
    shutil.rmtree(_metrics, ignore_errors=True)
