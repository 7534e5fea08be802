"""`import` and `add`."""


def test_people_see_counts_reasons_and_lines(run):
    done = run("import", "-", text="1.1.1.1:80\nnonsense\n10.0.0.1:80\n")
    assert done.code == 0
    assert "added      1" in done.out
    assert "no_proxy" in done.out
    assert "-:2: rejected no_proxy" in done.out


def test_only_private_addresses_hint_at_the_option(run):
    done = run("import", "-", text="10.0.0.1:80\n")
    assert done.code == 1
    assert "--allow-private" in done.err


def test_add(run):
    done = run("add", "http://u:canary@1.1.1.1:80", "8.8.8.8:1", "--tag", "x", "--json")
    assert done.json["added"] == 2
    assert "canary" not in done.out + done.err
    assert [row["tags"] for row in run("list", "--json").json] == [["x"], ["x"]]


def test_a_dry_run_says_so(run, home):
    assert "nothing was written" in run("import", "-", "--dry-run", text="1.1.1.1:80\n").out
    assert not list(home.iterdir())
    assert run("add", "1.1.1.1:80").code == 0
    assert run("add", "8.8.8.8:80", "--dry-run", "--json").json["added"] == 1
    assert [row["host"] for row in run("list", "--json").json] == ["1.1.1.1"]


def test_many_doubtful_lines_are_cut_for_people(run):
    done = run("import", "-", text="1.1.1.1:80\n" + "nonsense\n" * 30)
    assert done.out.count("rejected no_proxy") == 20
    assert "--json lists up to 30 lines" in done.out


def test_wrong_options(run):
    assert run("import", "-", "--capacity", "0").code == 2
    assert run("import", "-", "--format", "odd").code == 2
    assert run("import", "-", "--scheme", "ftp").code == 2
    assert run("import", "/nowhere").code == 1
