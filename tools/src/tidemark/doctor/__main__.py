"""`make doctor`: what on this machine would stop Tidemark, and the fix; run as a directory by whatever python3 is at hand.

Until the interpreter is found to be suitable, only syntax and modules of any Python 3 are used here.
"""

import json
import os
import sys


def main() -> int:
    """Examine, print, and return the exit code: 1 if anything fails."""
    sources = os.path.abspath(__file__)  # noqa: PTH100 - nothing beyond what the check needs
    for _ in ("__main__.py", "doctor", "tidemark"):
        sources = os.path.dirname(sources)  # noqa: PTH120
    root = os.path.dirname(os.path.dirname(sources))  # noqa: PTH120
    # Not this directory: its modules would hide the standard library's. The root holds infra_cdk, which reads size_history.
    sys.path[0:1] = [sources, root, os.path.join(root, "services", "size_history", "src")]  # noqa: PTH118
    from tidemark.installation import install  # noqa: PLC0415 - not before sys.path is mended

    problem = install.problem()
    if problem:
        _refuse(problem)
        return 1
    from tidemark.doctor import examination  # noqa: PLC0415 - not before the check

    return examination.main(root)


def _refuse(problem: str) -> None:
    text, _, fix = problem.partition(": ")
    if "--json" in sys.argv:
        finding = {"about": "python", "level": "fail", "text": text, "fix": fix}
        sys.stdout.write(json.dumps({"ok": False, "findings": [finding]}, indent=2) + "\n")
    else:
        sys.stdout.write("fail  python        " + text + "\n" + " " * 20 + "fix: " + fix + "\n")
        sys.stdout.write("doctor: the rest can only be examined after that\n")


if __name__ == "__main__":
    sys.exit(main())
