"""Who may do what, where."""

import pytest

from evgraph.domain.people import RIGHTS, Right, Role, Viewer

TABLE = {
    #                    DISPLAY ATTENDANT POS    OPERATOR ADMIN
    "SEE_BOARD": (True, True, True, True, True),
    "SEE_STAYS": (False, True, True, True, True),
    "CHECK_IN_AND_OUT": (False, True, True, True, True),
    "MAKE_REQUESTS": (False, True, True, True, True),
    "CHARGE": (False, True, False, True, True),
    "SET_RATES": (False, False, False, True, True),
    "NAME_PORTS": (False, False, False, True, True),
    "OPERATE": (False, False, False, True, True),
}


def viewer(**roles: Role) -> Viewer:
    """`g7=Role.POS` is a role in garage 7."""
    return Viewer(
        id=1,
        organization_id=1,
        organization="Northside Parking",
        name="Ada",
        email=None,
        roles={int(garage[1:]): role for garage, role in roles.items()},
    )


@pytest.mark.parametrize(
    ("right", "role", "may"),
    [(right, role, may) for right, row in TABLE.items() for role, may in zip(Role, row, strict=True)],
)
def test_a_role_may_do_what_its_work_needs(right: str, role: Role, may: bool):
    assert viewer(g7=role).may(Right[right], 7) is may


def test_the_table_knows_every_right_and_role():
    assert set(TABLE) == {right.name for right in Right}
    assert set(RIGHTS) == set(Role)


@pytest.mark.parametrize("right", list(Right))
def test_nobody_may_do_anything_in_a_garage_that_is_not_theirs(right: Right):
    assert not viewer(g7=Role.ADMIN).may(right, 8)
    assert not viewer().may(right, 7)


def test_a_role_counts_in_its_own_garage():
    both = viewer(g7=Role.DISPLAY, g8=Role.OPERATOR)
    assert not both.may(Right.SET_RATES, 7)
    assert both.may(Right.SET_RATES, 8)


def test_a_viewer_sees_the_garages_of_its_roles():
    assert viewer(g7=Role.DISPLAY).sees(7)
    assert not viewer(g7=Role.DISPLAY).sees(8)
