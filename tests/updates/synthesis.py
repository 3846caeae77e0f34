"""Synthesizes target dev in the variants that are deployed: `python tests/updates/synthesis.py DIRECTORY`.

It imports nothing of ours but the CDK app, because it also runs on the app of version 0.1.
"""

import json
import sys
from pathlib import Path

from infra_cdk.app import build

REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
"""The registry of MiniStack's account and region. Today's templates refuse images of any other."""
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
VARIANTS = {
    "base": ({}, (A, A, A)),
    "digest": ({}, (B, A, A)),
    "images": ({}, (B, B, B)),
    "tracked": ({"trackedBuckets": "others-bucket"}, (A, A, A)),
    "profile": ({"queueProfile": "high-volume"}, (A, A, A)),
}
"""A variant's context, and the digests of the images of size-tracking, plotting and driver."""


def synthesize(variant: str, directory: Path) -> Path:
    """Synthesize a variant below a directory, and return the assembly."""
    context, digests = VARIANTS[variant]
    directory.mkdir(parents=True, exist_ok=True)
    images = dict(zip(("size-tracking", "plotting", "driver"), digests, strict=True))
    recorded = directory / f"{variant}.json"
    recorded.write_text(json.dumps({"git_sha": "0" * 40, "registry": REGISTRY, "images": images}))
    assembly = directory / variant
    build({"target": "dev", **context}, outdir=str(assembly), images_file=recorded).synth()
    return assembly


if __name__ == "__main__":
    for each in VARIANTS:
        synthesize(each, Path(sys.argv[1]))
