"""`export`."""

import json


def test_formats_and_selectors(fleet):
    assert fleet("export", "id=2").out == "http://8.8.8.8:81\n"
    assert len(json.loads(fleet("export", "--format", "json").out)) == 3
    assert len(json.loads(fleet("export", "--json").out)) == 3
    assert len(fleet("export", "--format", "csv").out.splitlines()) == 4
    assert fleet("export", "id=9").out == ""
    assert fleet("export", "id=1", "--with-passwords").out == "http://bob:s3cret-canary@1.1.1.1:80\n"
