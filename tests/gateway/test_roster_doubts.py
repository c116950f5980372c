"""A roster that names what nobody knows is taken, and its author told."""

from iot_gateway.roster_file import DeviceEntry, FenceEntry, Roster, doubts

POINT = {"type": "Point", "coordinates": [119.0, 36.7], "radius_m": 50}


def test_a_roster_that_adds_up_leaves_no_doubt():
    band = DeviceEntry("b1", "wristband", site_id="s1", fence_ids=["f1"])
    roster = Roster(fences=[FenceEntry("f1", POINT)], devices=[band])
    assert doubts(roster, {"sites": {"s1"}}) == []


def test_a_fence_nobody_drew_and_a_band_enrolled_twice_are_named():
    bands = [DeviceEntry("b1", "wristband", fence_ids=["f9"]), DeviceEntry("b1", "wristband", model="m")]
    assert doubts(Roster(devices=bands), {}) == [
        "device b1 names 'f9', which is not among the fences",
        "device b1 names 'm', which is not among the models",
        "device b1 is there 2 times: the last one counts",
    ]


def test_a_fence_without_a_role_is_safe():
    assert FenceEntry("f1", POINT).role == "safe"
