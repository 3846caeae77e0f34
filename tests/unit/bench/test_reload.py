from tests.bench.reload import section


def test_the_section_has_the_median_and_the_spread_of_all_rounds():
    text = section([0.5, 0.9, 0.4, 0.6, 0.7], "Measured then.")

    assert "| 5 | 0.60 s | 0.70 s | 0.40 s | 0.90 s |" in text
    assert "`make bench-reload`. Measured then." in text
