"""Every other command as a process: what programs read is JSON, what people are told is on standard error, exit codes hold."""

import json

import pytest
from tests.acceptance.program import Program

STORE = ("--store", "sqlite:///fleet.db")
LINES = "http://bob:s3cret-canary@1.1.1.1:80\n8.8.8.8:81\nsocks5://9.9.9.9:1080\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    made = Program(tmp_path_factory.mktemp("home"))
    made.json("import", "-", *STORE, text=LINES)
    return made


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["show", "1"], ["pick"], ["pick", "--explain"], ["stats"], ["config", "show"], ["doctor"]],
    ids=" ".join,
)
def test_json_is_all_there_is_on_standard_output(program, arguments):
    done = program.run(*arguments, "--json", *STORE)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert "s3cret-canary" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["pick", "--explain"], ["doctor"], ["export"]],
    ids=" ".join,
)
def test_people_get_text_without_passwords(program, arguments):
    done = program.run(*arguments, *STORE)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "s3cret-canary" not in done.stdout + done.stderr


def test_most_days_left_comes_first_and_no_expiry_last(tmp_path):
    program = Program(tmp_path)
    program.json("import", "-", *STORE, text="1.1.1.1:1\n1.1.1.1:2\n1.1.1.1:3\n")
    assert program.run("set", "port=2", "expires_at=2099-01-01", *STORE).returncode == 0
    assert program.run("set", "port=3", "expires_at=2098-01-01", *STORE).returncode == 0

    assert [row["port"] for row in program.json("list", *STORE)] == [2, 3, 1]


def test_passwords_only_on_request(program):
    assert program.run("pick", "--selector", "id=1", "--with-passwords", *STORE).stdout == (
        "http://bob:s3cret-canary@1.1.1.1:80\n"
    )
    assert "s3cret-canary" in program.run("export", "--with-passwords", *STORE).stdout


def test_an_export_is_read_again(tmp_path, program):
    for format in ("text", "json", "csv"):
        text = program.run("export", "--format", format, "--with-passwords", *STORE).stdout
        report = Program(tmp_path).json("import", "-", "--store", f"sqlite:///{format}.db", text=text)
        assert report["added"] == 3, (format, report)


def test_picks_are_different_and_a_shortage_is_said(program):
    done = program.run("pick", "--count", "5", "--json", *STORE)

    told = json.loads(done.stdout)
    assert len({one["id"] for one in told["picked"]}) == 3
    assert told["missing"] == 2
    assert told["refusal"]["code"] == "none_eligible"
    assert done.returncode == 0


def test_all_wrong_settings_are_told_at_once(program):
    (program.home / "bad.toml").write_text(
        'stroe = "memory:"\n[gateway]\nlisten = "here"\n[rules]\njitter = 7\nguard = "x"\n'
    )
    done = program.run("config", "show", "--config", "bad.toml", PROXYFLEET_LIMITS_HELD="-1")

    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("error: ") for line in lines)
    for place in (
        "bad.toml, stroe",
        "bad.toml, gateway.listen",
        "bad.toml, rules.guard",
        "PROXYFLEET_LIMITS_HELD",
        "jitter",
    ):
        assert sum(place in line for line in lines) == 1, place


def test_settings_say_where_they_come_from(program):
    (program.home / "good.toml").write_text('[gateway]\nlisten = "127.0.0.1:1"\ncontrol = "127.0.0.1:2"\n')
    done = program.run(
        "config", "show", "--json", "--config", "good.toml", "--store", "memory:",
        PROXYFLEET_GATEWAY_CONTROL="127.0.0.1:3", PROXYFLEET_KEY="very-secret",
    )  # fmt: skip

    found = {row["key"]: (row["value"], row["origin"]) for row in json.loads(done.stdout)}
    assert found["gateway.listen"] == ("127.0.0.1:1", "good.toml, gateway.listen")
    assert found["gateway.control"] == ("127.0.0.1:3", "PROXYFLEET_GATEWAY_CONTROL")
    assert found["store"] == ("memory:", "--store")
    assert found["rules.open_after"] == ("5", "default")
    assert found["key"] == ("***", "PROXYFLEET_KEY")
    assert "very-secret" not in done.stdout + done.stderr


def test_doctor_finds_what_is_missing(program):
    done = program.run(
        "doctor", "--json", "--store", "sqlite:///fleet.db/x.db", PROXYFLEET_GATEWAY_LISTEN="192.0.2.1:1"
    )

    found = {check["name"]: check for check in json.loads(done.stdout)}
    assert done.returncode == 1
    assert found["store"]["result"] == "fail"
    assert found["gateway port"]["result"] == "fail"
    assert found["gateway port"]["remedy"]


def test_help_names_every_command(program):
    done = program.run("--help")

    assert done.returncode == 0
    for name in ("serve", "demo", "lab", "import", "list", "show", "pick", "stats", "user", "config", "doctor"):
        assert f"\n  {name} " in done.stdout


def test_a_reader_that_goes_away_is_no_error(program):
    import subprocess

    command = " ".join([*program.command("config", "show"), "|", "head", "-1"])
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=program.environment, timeout=30)

    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
