import pytest

from tidemark.doctor import machine


@pytest.mark.parametrize("below", ["", "state", "state/deeper", "absent"])
def test_the_disk_of_a_directory_that_we_may_not_enter_is_that_of_one_above_it(forbidden, below):
    (finding,) = machine.disks(forbidden / below, forbidden / below, forbidden / below, installed=True)

    assert finding.about == "disk"
    assert f"MB free for the repository ({forbidden.anchor}" in finding.text
