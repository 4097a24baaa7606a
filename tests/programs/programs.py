"""Python programs that tests start in processes of their own, without waiting for the imports of each."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
LSPS = "import sys; from lsps_core.cli import main; sys.exit(main())"
EXPLORER = "import sys; from explorer_app.__main__ import main; sys.exit(main())"


class Program:
    """A fork of the server: what the tests use of subprocess.Popen, in text mode with pipes."""

    def __init__(self, programs: Programs, pid: int, stdout: IO[str], stderr: IO[str]) -> None:
        self.pid, self.stdout, self.stderr = pid, stdout, stderr
        self.returncode: int | None = None
        self._programs = programs

    def poll(self, waits: bool = False) -> int | None:
        if self.returncode is None:
            self.returncode = self._programs.ask({"pid": self.pid, "waits": waits})
        return self.returncode

    def wait(self) -> None:
        self.poll(waits=True)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self) -> tuple[str, str]:
        with self:
            return self.stdout.read(), self.stderr.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.stderr.close()
        self.wait()


AnyProgram = Program | subprocess.Popen[str]


class Programs:
    """Starts programs: on Linux as forks of a server, which begins with the first one; else as interpreters."""

    def __init__(self) -> None:
        self._channel: socket.socket | None = None

    def start(
        self,
        code: str,
        *arguments: object,
        cwd: Path = ROOT,
        env: Mapping[str, str] = os.environ,
        is_fresh: bool = not sys.platform.startswith("linux"),
    ) -> AnyProgram:
        """As `python -c CODE ARGUMENTS`. is_fresh: in an interpreter of its own, which imports all that it needs."""
        words = [str(argument) for argument in arguments]
        if is_fresh:
            command = [sys.executable, "-c", code, *words]
            return subprocess.Popen(
                command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        request = {"code": code, "arguments": words, "cwd": str(cwd), "env": dict(env)}
        ours, theirs = zip(os.pipe(), os.pipe(), strict=True)
        pid = self.ask(request, theirs)
        for descriptor in theirs:
            os.close(descriptor)
        out, err = (open(descriptor, encoding="utf-8") for descriptor in ours)  # noqa: PTH123, SIM115
        return Program(self, pid, out, err)

    def run(self, code: str, *arguments: object, **keywords: Any) -> subprocess.CompletedProcess[str]:
        with self.start(code, *arguments, **keywords) as program:
            out, err = program.communicate()
        assert program.returncode is not None
        return subprocess.CompletedProcess([code, *map(str, arguments)], program.returncode, out, err)

    def ask(self, request: dict[str, Any], descriptors: tuple[int, ...] = ()) -> Any:
        if self._channel is None:
            self._channel = self._serve()
        socket.send_fds(self._channel, [json.dumps(request).encode()], descriptors)
        return json.loads(self._channel.recv(100))

    def _serve(self) -> socket.socket:
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        command = [sys.executable, str(Path(__file__).with_name("fork_server.py")), str(theirs.fileno())]
        self._server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        theirs.close()
        return ours

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._server.wait()
