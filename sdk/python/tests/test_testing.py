"""The responses of a test's host."""

from squall.testing._glob import matches, matches_url


def test_a_star_stands_for_anything() -> None:
    assert matches("*", "")
    assert matches("/a/*/c", "/a/b/c")
    assert matches("*ö*", "größe")
    assert not matches("/a/*/c", "/a/b/d")
    assert not matches("/a.", "/ab")


def test_paths_are_held_against_paths() -> None:
    assert matches_url("/x", "/x?page=2")
    assert matches_url("/x", "https://host.test/x")
    assert matches_url("/", "https://host.test")
    assert matches_url("/x?page=*", "/x?page=2")
    assert not matches_url("/x?page=1", "/x?page=2")
    assert matches_url("https://*/x", "https://host.test/x")
    assert not matches_url("https://*/x", "/x")
