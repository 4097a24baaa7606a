"""A process that has imported torch and the training, and starts each program that is asked for as a fork of itself.

It has one thread, no QApplication, and has computed nothing. A program differs from one of a fresh interpreter in that
its modules are there already.

Usage: fork_server.py SOCKET, the descriptor of one end of a pair of sockets. Requests: `programs.py`.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from typing import Any

MOST_BYTES = 200_000


def serve(channel: socket.socket) -> dict[str, Any] | None:
    """Answer requests until the socket closes: None. In each fork: its request."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, MOST_BYTES, 2)
        if not message:
            return None
        request = json.loads(message)
        if "code" in request:
            answer = os.fork()
            if answer == 0:
                channel.close()
                become(request, descriptors)
                return request
            for descriptor in descriptors:
                os.close(descriptor)
        else:
            ended, status = os.waitpid(request["pid"], 0 if request["waits"] else os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        channel.send(json.dumps(answer).encode())


def become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Arguments, environment, working folder, stdout and stderr of the program."""
    for number, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["-c", *request["arguments"]]
    sys.path[0] = ""
    gc.enable()


if __name__ == "__main__":
    gc.disable()  # until all is imported: tests/conftest.py
    import scipy.spatial  # noqa: F401
    import torch  # noqa: F401

    import lsps_core.training.trainer  # noqa: F401

    gc.freeze()
    program = serve(socket.socket(fileno=int(sys.argv[1])))
    if program is not None:
        exec(program["code"], {"__name__": "__main__"})
