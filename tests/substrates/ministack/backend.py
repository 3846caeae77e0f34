"""MiniStack in the place of LocalStack and its DynamoDB engine."""

import os
from dataclasses import dataclass

from tidemark.aws import emulator
from tidemark.checkout import ROOT
from tidemark.local.backend import ENGINE, LOCALSTACK
from tidemark.local.embedded import Processes, kept, program
from tidemark.local.ports import LOOPBACK
from tidemark.progress import Progress


@dataclass(frozen=True, slots=True)
class MiniStack(Processes):
    """Runs an environment as one process, which enforces IAM."""

    def start(self, port: int, progress: Progress) -> None:
        """Start MiniStack at a port of the loopback interface and wait until it answers."""
        settings = {
            **kept(os.environ),
            "AUTH": "true",
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            "IMAGE_LAMBDA_MAP": str(self.state.functions_file),
            "IOT_MTLS_ENABLED": "0",  # or it opens a second port
            "LOG_LEVEL": "WARNING",
            "MINISTACK_REGION": emulator.REGION,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "images/localstack/src")]),
        }
        module = "tests.substrates.ministack.server"
        wanted = program(self.state, LOCALSTACK, module, settings, venv=ENGINE)
        self.run([wanted], [lambda: emulator.answers(f"http://{LOOPBACK}:{port}")], progress)
