"""The shape of the tree is a promise to the reader; this keeps it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC, UNIT = ROOT / "src" / "proxyfleet", ROOT / "tests" / "unit"
MOST_LINES, MOST_BODY, USUAL_BODY, USUAL_SHARE = 400, 60, 30, 0.9
FORBIDDEN = {"manager", "utils", "util", "helpers", "helper", "common", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def shown(path: object) -> str:
    return str(path.relative_to(ROOT)) if isinstance(path, Path) else str(path)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_protocol(node: ast.AST) -> bool:
    """A class that only describes; what it lists are no functions of its own."""
    return isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") == "Protocol" for base in node.bases)


def functions(node: ast.AST) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if is_protocol(child):
            continue
        if isinstance(child, Function):
            yield child
        yield from functions(child)


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def sources_with_logic() -> list[Path]:
    return [path for path in files("src/proxyfleet") if any(functions(parsed(path)))]


def mirror_of(source: Path) -> Path:
    """The test of a module; that of a package's own functions bears the package's name."""
    place = source.relative_to(SRC)
    if place.name == "__init__.py":
        return UNIT / place.parent / f"test_{place.parent.name or 'proxyfleet'}.py"
    return UNIT / place.with_name(f"test_{place.name}")


def source_of(test: Path) -> list[Path]:
    place = test.relative_to(UNIT)
    name = place.name.removeprefix("test_")
    package = SRC / place.parent / "__init__.py"
    return [SRC / place.with_name(name), *([package] if name == f"{place.parent.name or 'proxyfleet'}.py" else [])]


@pytest.mark.parametrize("source", sources_with_logic(), ids=shown)
def test_every_source_file_has_its_test(source: Path) -> None:
    assert mirror_of(source).exists(), f"write {shown(mirror_of(source))}"


@pytest.mark.parametrize("test", sorted(UNIT.rglob("test_*.py")), ids=shown)
def test_every_test_has_its_source(test: Path) -> None:
    assert any(source.exists() for source in source_of(test)), (
        f"no {shown(source_of(test)[0])}; move or delete the test"
    )


@pytest.mark.parametrize("path", files("src", "tests", "benchmarks", "examples", "docs"), ids=shown)
def test_no_file_outgrows_a_reader_or_hides_behind_an_empty_name(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{lines} lines; split it"
    assert path.stem.removeprefix("test_") not in FORBIDDEN, "name it after what it does"
    assert ast.get_docstring(parsed(path)), "open it with a docstring that says what it is for"


@pytest.mark.parametrize("path", sources_with_logic(), ids=shown)
def test_no_function_outgrows_a_screen(path: Path) -> None:
    long = [
        f"{function.name}: {length(function)}" for function in functions(parsed(path)) if length(function) > MOST_BODY
    ]
    assert not long, f"over {MOST_BODY} lines: {long}"


def test_nine_functions_in_ten_are_short() -> None:
    lengths = [length(function) for path in sources_with_logic() for function in functions(parsed(path))]
    assert sum(lines < USUAL_BODY for lines in lengths) >= USUAL_SHARE * len(lengths)
