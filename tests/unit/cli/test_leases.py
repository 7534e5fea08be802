"""`lease`, `renew`, `release`, `reassign`, `leases`."""


def test_a_lease_is_a_token_and_a_url(fleet):
    done = fleet("lease", "--selector", "id=2")
    assert (done.code, done.out) == (0, "2x0.1  http://8.8.8.8:81\n")
    told = fleet("lease", "--selector", "id=1", "--with-passwords", "--json").json
    assert told["leases"][0]["url"] == "http://bob:s3cret-canary@1.1.1.1:80"
    assert told["leases"][0]["gateway_url"].startswith("http://lease-1x0.1:")
    assert told["refusal"] is None
    assert "canary" not in fleet("lease", "--selector", "id=1").out


def test_a_shortage_is_told(fleet):
    assert fleet("capacity", "id=3", "--set", "1").code == 0
    done = fleet("lease", "--selector", "id=3", "--count", "1")
    assert done.code == 0
    none = fleet("lease", "--selector", "id=3")
    assert (none.code, none.out) == (1, "")
    assert "every slot is taken" in none.err
    told = fleet("lease", "--selector", "country=XX", "--json")
    assert told.code == 1
    assert '"no_match"' in told.out


def test_renew_release_and_reassign(fleet):
    fleet("lease", "--selector", "id=2", "--label", "me")
    assert "runs for another 100 s" in fleet("renew", "2x0.1", "--ttl", "100").out
    assert fleet("reassign", "2x0.1", "--label", "other").out == "2x0.2\n"
    stale = fleet("renew", "2x0.1")
    assert (stale.code, "given out anew" in stale.err) == (1, True)
    assert fleet("release", "2x0.2").out == "2x0.2\n"
    again = fleet("release", "2x0.2")
    assert (again.code, "released before" in again.err) == (1, True)


def test_a_list_by_label_and_proxy(fleet):
    fleet("lease", "--count", "3", "--label", "a")
    fleet("lease", "--selector", "id=1", "--label", "b")
    assert len(fleet("leases", "--json").json) == 4
    assert {row["proxy_id"] for row in fleet("leases", "--proxy", "1", "--json").json} == {1}
    assert len(fleet("leases", "--label", "b", "--json").json) == 1
    assert "4 leases run" in fleet("leases").err


def test_releasing_all_of_a_label_or_a_proxy(fleet):
    fleet("lease", "--count", "3", "--label", "a")
    fleet("lease", "--selector", "id=1", "--label", "b")
    assert len(fleet("release", "--proxy", "1", "--json").json["released"]) == 2
    assert len(fleet("release", "--label", "a", "--json").json["released"]) == 2
    assert fleet("release", "--label", "a").code == 1


def test_wrong_words(fleet):
    for arguments, told in [
        (("release",), "by their tokens"),
        (("release", "1x0.1", "--label", "a"), "by their tokens"),
        (("renew", "nonsense"), "is no lease"),
    ]:
        done = fleet(*arguments)
        assert done.code == 2
        assert told in done.err
    assert "1 second to 7 days" in fleet("lease", "--ttl", "0.1").err


def test_the_same_key_gives_the_same_lease(fleet):
    first = fleet("lease", "--key", "k", "--json").json["leases"][0]["token"]
    assert fleet("lease", "--key", "k", "--json").json["leases"][0]["token"] == first
    conflict = fleet("lease", "--key", "k", "--count", "2")
    assert (conflict.code, "another request" in conflict.err) == (1, True)
