import re

from tidemark.checkout import ROOT


def test_a_file_of_a_targets_name_does_not_stand_in_its_way():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE)
    phony = " ".join(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)).split()

    assert "install" in targets
    assert sorted(phony) == sorted(targets)
