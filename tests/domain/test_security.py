"""Security profiles as rules: what a connection shows, what is demanded, and how a demand may change."""

import itertools
from datetime import UTC, datetime

import pytest

from evgraph.domain.charge_point import Acceptance, ChargePoint
from evgraph.domain.refusals import Refusal
from evgraph.domain.security import CertificateProof, Lacks, Shown, check_profile, lacking, profile_shown

PROVEN, NONE, REVOKED = CertificateProof.PROVEN, CertificateProof.NONE, CertificateProof.REVOKED


def shown(*, key: bool | None = True, tls: bool = True, certificate: CertificateProof = NONE) -> Shown:
    """`key`: it matches, it does not, or (null) there is none on record."""
    return Shown(has_key=key is not None, key_matches=bool(key), is_encrypted=tls, certificate=certificate)


@pytest.mark.parametrize(
    ("what", "profile"),
    [
        (shown(key=None, tls=False), 0),
        (shown(key=None), 0),
        (shown(key=False), 0),
        (shown(tls=False), 1),
        (shown(), 2),
        (shown(certificate=PROVEN), 3),
        (shown(key=None, certificate=PROVEN), 3),
        (shown(key=False, certificate=PROVEN), 3),
        (shown(certificate=REVOKED), 2),
        # Nobody can have proven a certificate on an open wire.
        (shown(tls=False, certificate=PROVEN), 1),
    ],
)
def test_what_is_shown_makes_the_profile(what: Shown, profile: int) -> None:
    assert profile_shown(what) == profile


@pytest.mark.parametrize(
    ("required", "what", "lacks"),
    [
        (0, shown(key=None, tls=False), None),
        (0, shown(key=False), Lacks.KEY),
        (0, shown(key=False, certificate=PROVEN), None),
        (1, shown(tls=False), None),
        (1, shown(), None),
        (1, shown(key=None), Lacks.KEY_ON_RECORD),
        (1, shown(key=False, tls=False), Lacks.KEY),
        (2, shown(tls=False), Lacks.ENCRYPTION),
        (2, shown(), None),
        (2, shown(key=False), Lacks.KEY),
        (2, shown(key=None), Lacks.KEY_ON_RECORD),
        (2, shown(key=None, certificate=PROVEN), None),
        (2, shown(certificate=REVOKED), None),
        (3, shown(), Lacks.CERTIFICATE),
        (3, shown(certificate=REVOKED), Lacks.CERTIFICATE),
        (3, shown(tls=False, certificate=PROVEN), Lacks.ENCRYPTION),
        (3, shown(key=False, certificate=PROVEN), None),
    ],
)
def test_less_than_is_demanded_is_refused(required: int, what: Shown, lacks: Lacks | None) -> None:
    assert lacking(required, what) is lacks


def test_nobody_is_let_in_with_less_than_is_demanded() -> None:
    every = (
        shown(key=key, tls=tls, certificate=certificate)
        for key, tls, certificate in itertools.product((None, True, False), (True, False), CertificateProof)
    )
    for required, what in itertools.product(range(4), every):
        if lacking(required, what) is None:
            assert profile_shown(what) >= required, (required, what)
            assert not what.has_key or what.key_matches or profile_shown(what) == 3


def _charge_point(profile: int) -> ChargePoint:
    return ChargePoint(
        id=1,
        garage_id=1,
        identity="AX48-1",
        acceptance=Acceptance.ACCEPTED,
        vendor=None,
        model=None,
        serial_number=None,
        firmware_version=None,
        is_online=True,
        last_seen_at=datetime(2026, 11, 24, tzinfo=UTC),
        last_boot_at=None,
        security_profile=profile,
    )


@pytest.mark.parametrize(
    ("before", "after", "key", "certificate", "why"),
    [
        (0, 1, True, False, None),
        (1, 1, True, False, None),
        (1, 2, True, False, None),
        (0, 3, False, True, None),
        (0, 1, False, False, "has no key"),
        (0, 2, False, True, "has no key"),
        (2, 3, True, False, "has taken no certificate"),
        (2, 1, True, True, "may only rise"),
        (3, 0, True, True, "may only rise"),
        (0, 4, True, True, "is 0 to 3"),
        (0, -1, True, True, "is 0 to 3"),
    ],
)
def test_a_profile_only_rises_and_to_what_can_be_shown(
    before: int, after: int, key: bool, certificate: bool, why: str | None
) -> None:
    def check(*, is_forced: bool = False) -> None:
        check_profile(_charge_point(before), after, has_key=key, has_certificate=certificate, is_forced=is_forced)

    if why is None:
        check()
        return
    with pytest.raises(Refusal, match=why):
        check()
    if 0 <= after <= 3:
        check(is_forced=True)
