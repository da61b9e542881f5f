"""The worker alone, without the web server, so that a benchmark can kill it. Reads the environment as `serve` does."""

import threading

import worker
from app import create_app

if __name__ == "__main__":
    worker.run(create_app(), threading.Event())
