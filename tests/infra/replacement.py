"""`python -m tests.infra.replacement` accepts today's templates: it writes stateful.json and docs/replacement.md's table."""

import sys
import tempfile
from pathlib import Path

from tests.bench import report
from tests.infra import stateful
from tests.infra.stateful import Stacks

RECORD = Path(__file__).with_name("stateful.json")
PAGE = report.ROOT / "docs" / "replacement.md"
SECTION = "stateful"
COMMAND = ".venv/bin/python -m tests.infra.replacement"

LOST = {
    "DataBucket": "the tracked objects stay in the old bucket; a new, empty one is tracked, and its history begins at 0",
    "PlotBucket": "the stored pictures; each is drawn anew on request",
    "HistoryTable": "every sample ever recorded, with it the maxima: a reconcile brings back today's sizes, never the past",
    "LedgerTable": "every object's row, the totals and the peak: buckets are adopted anew, and counters begin at 0",
    "AlarmTopicKey": "nothing that lasts: it encrypts alarms on their way",
}
LOST_OF_TYPE = {
    "AWS::ECR::Repository": "the images of deployed functions; push them before the functions are deployed",
    "AWS::Backup::BackupVault": "the way to the recovery points, which stay in the old vault",
    "AWS::KMS::Key": "whatever was encrypted with it, once the old key is deleted",
}


def lost(logical_id: str, kind: str) -> str:
    """Return what users would lose."""
    of_type = LOST_OF_TYPE.get(kind, "all that it holds")
    return LOST.get(stateful.readable(logical_id), of_type)


def table(stacks: Stacks) -> str:
    """Return the resources as a Markdown table, one line per resource of any target."""
    lines = ["| resource | stack | replaced by another | then lost |", "|---|---|---|---|"]
    rows = {
        (
            stack.rpartition("-")[2],
            stateful.readable(name),
            ", ".join(f"`{key}`" for key in stateful.replacing_properties(resource.type)) or "nothing of it",
            lost(name, resource.type),
        )
        for stack, held in stacks.items()
        for name, resource in held.items()
    }
    lines += [f"| {name} | {stack} | {replacing} | {then} |" for stack, name, replacing, then in sorted(rows)]
    return "\n".join(lines)


def main() -> int:
    """Write the record and the table, and print what that accepts."""
    with tempfile.TemporaryDirectory(prefix="tidemark-synth-") as directory:
        found = stateful.synthesized(Path(directory))
    recorded = stateful.read(RECORD) if RECORD.exists() else {}
    for sentence in stateful.changes(recorded, found):
        print(f"accepted: {sentence}")
    for resource in stateful.unrecorded(recorded, found):
        print(f"recorded: {resource}")
    stateful.write(found, RECORD)
    report.write_section(SECTION, table(found), PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
