from tests.bench.transcript import COMMANDS, Clone, Ran, page


def test_the_page_says_how_long_a_clone_takes_to_a_green_e2e_cold_and_warm(tmp_path):
    seconds = {"make local-up": 40, "make e2e": 20, "make local-up  # warm": 8, "make e2e  # warm": 15}
    ran = [Ran(command, f"{tmp_path}/tidemark\n", 0, seconds.get(command, 1)) for command in COMMANDS]

    text = page(Clone(tmp_path, 4567), ran, "0123456")

    assert "From clone to a green `make e2e`: **60 s** cold, 23 s warm." in text
    assert str(tmp_path) not in text
    assert all(f"## `{command}`" in text for command in COMMANDS)
