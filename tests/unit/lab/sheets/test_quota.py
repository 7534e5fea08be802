"""Quotas per minute, reads and writes apart."""

from proxyfleet.lab.sheets.quota import Limits, Quota


def test_a_user_gets_so_many_reads_a_minute():
    quota = Quota(Limits(per_user=2, per_project=3))
    assert [quota.broken("read", "a", now) for now in (0.0, 10.0)] == [None, None]
    body = quota.broken("read", "a", 59.9)
    assert body["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert "'Read requests' and limit 'Read requests per minute per user'" in body["error"]["message"]
    assert body["error"]["details"][0]["metadata"]["quota_limit_value"] == "2"
    assert quota.broken("write", "a", 59.9) is None
    assert quota.broken("read", "a", 60.0) is None


def test_all_users_share_the_projects_quota():
    quota = Quota(Limits(per_user=2, per_project=3))
    assert [quota.broken("write", user, 0.0) for user in "aabbc"][:3] == [None, None, None]
    body = quota.broken("write", "d", 1.0)
    assert "limit 'Write requests per minute' of service" in body["error"]["message"]
    assert body["error"]["details"][0]["metadata"]["quota_limit"] == "WriteRequestsPerMinute"
