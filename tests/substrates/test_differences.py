"""docs/substrates.md says truly what each emulator does as AWS, and what not."""

import re
from pathlib import Path
from types import FunctionType

import pytest

from tests.substrates import probes

PAGE = Path(__file__).parents[2] / "docs" / "substrates.md"
ROW = re.compile(
    r"\| `(?P<probe>[a-z_]+)` \| [^|]+ \| (?P<localstack>yes|no)\b[^|]* \| (?P<ministack>yes|no)\b[^|]* \|"
)
TABLE = PAGE.read_text(encoding="utf-8").partition("## Where they differ from AWS\n")[2].partition("\n## ")[0]
SAYS = {row["probe"]: row for line in TABLE.splitlines() if (row := ROW.fullmatch(line))}
PROBES = [
    name
    for name, it in vars(probes).items()
    if isinstance(it, FunctionType) and it.__module__ == probes.__name__
]


def test_every_probe_has_a_row_and_every_row_a_probe():
    assert list(SAYS) == PROBES


@pytest.mark.long
@pytest.mark.parametrize("substrate", ["localstack", "ministack"])
@pytest.mark.parametrize("probe", PROBES)
def test_an_emulator_does_as_aws_if_the_page_says_so(probe, substrate, request):
    it = request.getfixturevalue(substrate)

    found = getattr(probes, probe)(it)

    assert ("yes" if found else "no") == SAYS[probe][substrate]
