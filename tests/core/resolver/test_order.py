from __future__ import annotations

from chapbook_core.resolver.order import PATIENCE, Order, Place


def order(*packages: str, prefer: tuple[str, ...] = ()) -> Order:
    made = Order(prefer)
    for package in packages:
        made.meet(package)
        made.put(package, Place.ORDINARY)
    return made


def drained(order: Order) -> list[str]:
    taken: list[str] = []
    while (package := order.first(lambda name: name not in taken)) is not None:
        taken.append(package)
    return taken


def test_packages_are_decided_in_the_order_they_were_met() -> None:
    assert drained(order("c", "a", "b")) == ["c", "a", "b"]


def test_a_package_without_choice_is_decided_before_others() -> None:
    queue = order("a", "b")
    queue.put("b", Place.WITHOUT_CHOICE)
    assert drained(queue) == ["b", "a"]


def test_a_direct_reference_comes_before_a_package_without_choice() -> None:
    queue = order("a", "b")
    queue.put("a", Place.WITHOUT_CHOICE)
    queue.put("b", Place.DIRECT_REFERENCE)
    assert drained(queue) == ["b", "a"]


def test_preferred_packages_come_first_of_all() -> None:
    queue = order("a", "b", "c", prefer=("c", "b"))
    queue.put("a", Place.DIRECT_REFERENCE)
    assert drained(queue) == ["c", "b", "a"]


def test_the_first_package_goes_on_waiting_until_it_is_decided() -> None:
    queue = order("a", "b")
    assert queue.first(lambda _: True) == "a"
    assert queue.first(lambda _: True) == "a"
    assert queue.first(lambda name: name != "a") == "b"
    assert queue.first(lambda _: False) is None


def test_a_package_that_often_gives_way_is_decided_early_and_the_other_late() -> None:
    queue = order("way", "x", "affected")
    moved = [queue.record_conflict("affected", ["way"]) for _ in range(PATIENCE)]
    assert moved == [[]] * (PATIENCE - 1) + [["way"]]
    for package in ("way", "x", "affected"):
        queue.put(package, Place.ORDINARY)
    assert drained(queue) == ["affected", "x", "way"]
    assert queue.suspect == "affected"


def test_a_package_is_moved_once() -> None:
    queue = order("a", "b")
    assert [queue.record_conflict("a", ["b"]) for _ in range(5 * PATIENCE)].count(["b"]) == 1
    assert not any(queue.record_conflict("b", ["a"]) for _ in range(5 * PATIENCE))


def test_clashes_with_different_packages_do_not_add_up() -> None:
    queue = order("a")
    assert [queue.record_conflict("a", [f"b{number}"]) for number in range(3 * PATIENCE)] == [[]] * (3 * PATIENCE)
