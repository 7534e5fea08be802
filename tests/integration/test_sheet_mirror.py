"""The mirror over the real client: edits of people come in, changes of the program go out, and every conflict is told."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.sheetkit import sheet_world, some_host

from proxyfleet.assembly.sheeting import ConnectWish, connect_sheet, sheet_side
from proxyfleet.core.lease import Holder
from proxyfleet.core.orders import GiveBack, Take
from proxyfleet.core.proxy import Labels, Proxy, Scheme, Secret, Status
from proxyfleet.services.mirroring.plan import MassRemoval


async def test_what_people_have_comes_in(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 3) as world:
        report = await world.exchange()
        assert report.into["added"] == 3
        proxies = await world.proxies()
        one = proxies[some_host(1)]
        assert (one.port, one.username, one.password, one.labels.country) == (8080, "u1", Secret("pw1"), "DE")
        assert one.expires_at == 1924991999.0
        world.people.type(world.people.find("Host", some_host(1)), "Country", "fr")
        world.people.type(world.people.find("Host", some_host(2)), "Password", "new")
        world.people.delete(world.people.find("Host", some_host(0)))
        world.people.add({"Host": "30.0.0.1", "Port": "81", "Notes": "hello"})
        world.people.sort("Host")
        report = await world.exchange()
        assert report.into == {"added": 1, "changed": 2, "removed": 1, "taken": 0, "given_back": 0}
        assert report.conflicts == []
        proxies = await world.proxies()
        assert proxies.keys() == {some_host(1), some_host(2), "30.0.0.1"}
        assert proxies[some_host(1)].labels.country == "FR"
        assert proxies[some_host(1)].id == one.id
        assert proxies[some_host(2)].password == Secret("new")
        assert proxies["30.0.0.1"].details.notes == "hello"
        assert (await world.exchange()).quiet


async def test_what_the_program_changes_goes_out(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 2) as world:
        await world.exchange()
        one = (await world.proxies())[some_host(0)]
        await world.store.change(
            [replace(one, expires_at=1956527999.0, status=Status.DISABLED, labels=replace(one.labels, country="NL"))]
        )
        await world.store.put(
            [
                Proxy(
                    Scheme.SOCKS5,
                    "40.0.0.1",
                    1080,
                    "x",
                    Secret("=1+1"),
                    labels=Labels(country="US", tags=frozenset({"b", "a"})),
                )
            ]
        )
        other = (await world.proxies())[some_host(1)]
        await world.store.remove([other.id])
        report = await world.exchange()
        assert report.out == {"added": 1, "changed": 1, "removed": 1, "assignments": 0}
        row = world.people.find("Host", some_host(0))
        assert [world.people.see(row, name) for name in ("Country", "Expires", "Status")] == [
            "NL",
            "2031-12-31",
            "disabled",
        ]
        assert world.people.see(world.people.find("Host", some_host(1)), "Status") == "removed"
        fresh = world.people.find("Host", "40.0.0.1")
        assert [world.people.see(fresh, name) for name in ("User", "Password", "Country")] == ["x", "=1+1", "US"]
        assert (await world.exchange()).quiet
        assert (await world.proxies()).keys() == {some_host(0), "40.0.0.1"}


async def test_a_removed_row_comes_back_when_people_say_so(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 1) as world:
        await world.exchange()
        await world.store.remove([(await world.proxies())[some_host(0)].id])
        await world.exchange()
        assert await world.proxies() == {}
        world.people.type(1, "Status", "")
        report = await world.exchange()
        assert report.into["added"] == 1
        assert (await world.exchange()).quiet


async def test_both_changed_the_sheet_wins_and_it_is_told(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 1) as world:
        await world.exchange()
        one = (await world.proxies())[some_host(0)]
        await world.store.change(
            [replace(one, password=Secret("from-program"), labels=replace(one.labels, country="NL"))]
        )
        world.people.type(1, "Country", "FR")
        world.people.type(1, "Password", "from-people")
        report = await world.exchange()
        told = {(one.field, one.kept, one.dropped, one.winner) for one in report.conflicts}
        assert told == {("country", "FR", "NL", "sheet"), ("password", "***", "***", "sheet")}
        one = (await world.proxies())[some_host(0)]
        assert (one.labels.country, one.password) == ("FR", Secret("from-people"))
        assert world.people.see(1, "Country") == "FR"


async def test_assignments_of_people_and_of_the_program(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 4) as world:
        await world.exchange()
        proxies = await world.proxies()
        world.people.type(1, "Used for", "shop")
        world.people.type(1, "Taken by", "Carol")
        ann = Holder("ann", "laptop")
        await world.store.decide([Take(proxies[some_host(1)].id, "shop", ann)], "n")
        report = await world.exchange()
        assert (report.into["taken"], report.out["assignments"]) == (1, 2)
        assert await world.assigned() == {(some_host(0), "shop"): "sheet/Carol", (some_host(1), "shop"): "ann/laptop"}
        assert world.shown() == {some_host(0): ("shop", "Carol"), some_host(1): ("shop", "ann/laptop")}
        assert world.people.see(1, "Taken at").startswith("20")
        assert (await world.exchange()).quiet
        row = world.people.find("Host", some_host(0))
        world.people.type(row, "Used for", "")
        await world.store.decide([GiveBack(proxies[some_host(1)].id, "shop", ann)], "n")
        report = await world.exchange()
        assert report.into["given_back"] == 1
        assert (await world.assigned(), world.shown()) == ({}, {})
        assert (await world.exchange()).quiet


async def test_the_store_decides_about_pairs_and_says_so(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 1) as world:
        await world.exchange()
        one = (await world.proxies())[some_host(0)]
        await world.store.decide([Take(one.id, "shop", Holder("ann"))], "n")
        world.people.type(1, "Used for", "shop")
        world.people.type(1, "Taken by", "Carol")
        await world.exchange()
        assert world.shown() == {some_host(0): ("shop", "ann")}
        world.people.type(1, "Taken by", "Dave")
        report = await world.exchange()
        assert [(one.field, one.winner) for one in report.conflicts] == [("taken_by", "store")]
        assert world.shown() == {some_host(0): ("shop", "ann")}
        world.people.type(1, "Status", "disabled")
        await world.exchange()
        world.people.type(1, "Used for", "shop, other")
        report = await world.exchange()
        assert [(one.field, one.kept, one.dropped) for one in report.conflicts] == [
            ("used_for", "disabled", "other: ann")
        ]
        assert world.shown() == {some_host(0): ("shop", "ann")}


async def test_duplicates_agree_or_nothing_is_taken_over(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 2) as world:
        await world.exchange()
        one = (await world.proxies())[some_host(0)]
        world.people.duplicate(world.people.find("Host", some_host(0)))
        world.people.type(world.people.find("Host", some_host(0)), "Country", "FR")
        report = await world.exchange()
        assert [problem.code for problem in report.problems] == ["duplicate_row"]
        assert (await world.proxies())[some_host(0)].labels.country == "DE"
        await world.store.decide([Take(one.id, "shop", Holder("ann"))], "n")
        await world.exchange()
        assert [world.people.see(row, "Used for") for row in (1, 2, 3)] == ["shop", "shop", ""]
        world.people.delete(1)
        world.people.sort("Host")
        await world.exchange()
        assert await world.assigned() == {(some_host(0), "shop"): "ann"}


async def test_formulas_formats_and_columns_of_people_survive(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 2) as world:
        tab = world.book.tab
        world.people.insert_column(0, "Mine")
        world.people.type(1, "Mine", '=C2&":"&D2')
        world.people.type(1, "Country", '="D"&"E"')
        world.people.type(2, "Notes", "keep")
        for row in (1, 2):
            tab.rows[row] = [replace(cell, look=(("bold", True),), note="n") for cell in tab.rows[row]]
        await world.exchange()
        for one in (await world.proxies()).values():
            await world.store.change([replace(one, labels=replace(one.labels, country="NL", city="Bonn"))])
        report = await world.exchange()
        assert "formula" in [problem.code for problem in report.problems]
        assert world.people.see(1, "Country") == "DE"
        assert world.people.see(1, "Mine") == f"{some_host(0)}:8080"
        assert world.people.see(2, "Country") == "NL"
        assert world.people.see(2, "Notes") == "keep"
        assert all(cell.note == "n" and cell.look for row in (1, 2) for cell in tab.rows[row][:12])
        assert (await world.proxies())[some_host(0)].labels.country == "NL"


async def test_an_accident_changes_nothing(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 30) as world:
        await world.exchange()
        rows = [list(row) for row in world.book.tab.rows]
        world.book.tab.delete_rows(5, 31)
        with pytest.raises(MassRemoval, match="26 of 30 proxies are gone from the sheet at once; nothing was done"):
            await world.exchange()
        assert len(await world.proxies()) == 30
        world.book.tab.rows = rows
        world.google.faults.queue("empty", 10, on="read")
        with pytest.raises(Exception, match="nothing is done"):
            await world.exchange()
        world.google.faults.clear()
        assert (await world.exchange()).quiet
        world.book.tab.delete_rows(5, 31)
        report = await world.exchange(removals=True)
        assert report.into["removed"] == 26
        assert len(await world.proxies()) == 4


async def test_a_row_that_is_taken_is_written_again_when_it_was_deleted(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 2) as world:
        await world.exchange()
        one = (await world.proxies())[some_host(0)]
        await world.store.decide([Take(one.id, "shop", Holder("ann"))], "n")
        await world.exchange()
        world.people.delete(world.people.find("Host", some_host(0)))
        report = await world.exchange()
        assert "its row was deleted while it is taken for shop; the row is written again" in report.notes[0]
        assert world.shown() == {some_host(0): ("shop", "ann")}
        assert (await world.exchange()).quiet


async def test_secrets_out_of_the_sheet(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 2, vault=True) as world:
        await world.exchange()
        assert [world.people.see(row, "Password") for row in (1, 2)] == ["(in the vault)"] * 2
        assert (await world.proxies())[some_host(0)].password == Secret("pw0")
        assert (await world.exchange()).quiet
        world.people.type(1, "Password", "typed anew")
        world.people.type(2, "Password", "")
        await world.exchange()
        proxies = await world.proxies()
        assert (proxies[some_host(0)].password, proxies[some_host(1)].password) == (Secret("typed anew"), None)
        assert [world.people.see(row, "Password") for row in (1, 2)] == ["(in the vault)", ""]
        await world.store.change([replace(proxies[some_host(1)], password=Secret("again"))])
        await world.exchange()
        assert world.people.see(2, "Password") == "(in the vault)"
        assert (await world.exchange()).quiet


async def test_one_way_only(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 2) as world:
        await world.exchange()
        proxies = await world.proxies()
        world.people.type(1, "Country", "FR")
        world.people.type(1, "Used for", "mine")
        one = proxies[some_host(1)]
        await world.store.change([replace(one, labels=replace(one.labels, country="NL"))])
        await world.exchange(into=False)
        assert world.people.see(2, "Country") == "NL"
        assert (await world.proxies())[some_host(0)].labels.country == "DE"
        assert world.people.see(1, "Used for") == "mine"
        before = world.book.text()
        report = await world.exchange(out=False)
        assert (report.into["changed"], report.into["taken"]) == (1, 1)
        assert world.book.text() == before
        await world.exchange()
        assert (await world.exchange()).quiet


@pytest.mark.parametrize("vault", [False, True])
async def test_one_column_for_whole_addresses(tmp_path: Path, vault: bool) -> None:
    async with sheet_world(tmp_path, connected=False) as world:
        for row, line in enumerate(
            (["Proxy", "Comment"], ["socks5://u:pw@20.0.0.1:1080", "hi"], ["20.0.0.2:80:v:pw2"])
        ):
            for column, value in enumerate(line):
                world.book.type(world.book.tab, row, column, value)
        await connect_sheet(
            world.store, world.section, ConnectWish("lab-sheet", None, str(tmp_path / "key.json"), vault)
        )
        world.side = await sheet_side(world.store, world.section)
        report = await world.exchange()
        proxies = await world.proxies()
        assert (proxies["20.0.0.1"].scheme, proxies["20.0.0.2"].password) == (Scheme.SOCKS5, Secret("pw2"))
        await world.store.put(
            [Proxy(Scheme.SOCKS4, "30.0.0.1", 1080), Proxy(Scheme.HTTP, "30.0.0.2", 80, "x", Secret("y"))]
        )
        report = await world.exchange()
        assert report.out["added"] == 2
        assert [line[0] for line in world.book.text()[3:]] == [
            "socks4://30.0.0.1:1080",
            "http://x@30.0.0.2:80" if vault else "http://x:y@30.0.0.2:80",
        ]
        await world.store.change([replace(proxies["20.0.0.1"], password=Secret("new"))])
        report = await world.exchange()
        codes = [problem.code for problem in report.problems]
        assert (codes.count("in_address"), report.unsure) == (1, 0)
        passwords = {host: proxy.password for host, proxy in (await world.proxies()).items()}
        assert passwords == {
            "20.0.0.1": Secret("new"),
            "20.0.0.2": Secret("pw2"),
            "30.0.0.1": None,
            "30.0.0.2": Secret("y"),
        }
        world.side.close()
        world.side = None
