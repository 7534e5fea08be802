"""`doctor`."""


def test_findings(run):
    done = run("doctor")
    assert done.code == 0
    assert done.out.splitlines()[0].split() == ["check", "result", "found", "remedy"]
    failed = run("doctor", "--store", "sqlite:////dev/null/x.db", "--json")
    assert failed.code == 1
    assert '"fail"' in failed.out
