"""Who may import whom. Imports point right, never left, and never to an equal:

__main__ > cli > demo > app > web | graph | ocpp | simulator > sharing > answering > resolvers > schema > services
> models | bus > domain

The simulator, the execution of plans, uvicorn's sockets, the web app's files, the settings and the logs stand by
themselves. In one room no imports run in a ring (but the graph's nouns do), and the domain knows neither the world
outside nor what time it is.
"""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import evgraph

PACKAGE = Path(evgraph.__file__).parent

_BELOW_SCHEMA = frozenset({"services", "models", "bus", "domain"})
_SERVED = _BELOW_SCHEMA | {
    "schema",
    "execution",
    "resolvers",
    "answering",
    "sharing",
    "graph",
    "ocpp",
    "sockets",
    "simulator",
    "web",
    "settings",
    "logs",
}
MAY_IMPORT: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "models": frozenset({"domain"}),
    "bus": frozenset({"domain"}),
    "services": frozenset({"models", "bus", "domain"}),
    "execution": frozenset(),
    "schema": _BELOW_SCHEMA | {"execution"},
    "resolvers": _BELOW_SCHEMA | {"schema", "execution"},
    "answering": _BELOW_SCHEMA | {"schema", "resolvers", "execution"},
    "sharing": _BELOW_SCHEMA | {"schema", "resolvers", "execution", "answering", "sockets"},
    "graph": _BELOW_SCHEMA | {"schema", "resolvers", "execution", "answering", "sharing"},
    "ocpp": _BELOW_SCHEMA | {"sockets"},
    "sockets": frozenset(),
    "simulator": frozenset(),
    "web": frozenset(),
    "settings": frozenset(),
    "logs": frozenset(),
    "app": _SERVED,
    "demo": _SERVED | {"app"},
    "cli": _SERVED | {"app", "demo"},
    "__main__": _SERVED | {"app", "demo", "cli"},
    "__init__": frozenset(),
}
NOT_IN_THE_DOMAIN = frozenset(
    {"asyncio", "tortoise", "strawberry", "starlette", "ocpp", "os", "time", "random", "secrets", "uuid", "socket"}
)
# A graph's nouns lead to one another: its one ring. They take one another as whole modules, which a ring bears, and
# never by name, which would fail by the order of loading.
RING_OF_NOUNS = frozenset(
    f"schema.{noun}"
    for noun in (
        "board",
        "charge_point",
        "charge_point_job",
        "charging_request",
        "charging_session",
        "garage",
        "line_item",
        "port",
        "stay",
    )
)
_CLOCKS = frozenset({"now", "utcnow", "today"})
# These load a module that is named by a string.
_LOADERS = frozenset({"import_module", "__import__", "lazy"})


@dataclass(frozen=True)
class Import:
    """`runs`: not for type checkers alone, and not put off until someone asks for it by a string. `is_whole`: the
    module itself is taken, not a name of it."""

    target: str
    line: int
    runs: bool
    is_whole: bool


def _parsed(modules: dict[str, Path]) -> dict[str, ast.Module]:
    # CPython 3.11 loses count of the parser's depth when a garbage collection runs Python code while a tree is built.
    gc.disable()
    try:
        return {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in modules.items()}
    finally:
        gc.enable()


def broken_rules(root: Path) -> list[str]:
    """What breaks the rules in the package at `root`, each as file:line: the rule."""
    modules = {_name(root, file): file for file in sorted(root.rglob("*.py"))}
    trees = _parsed(modules)
    imports = {name: list(_imports(name, modules, tree)) for name, tree in trees.items()}
    places = {name: file.relative_to(root.parent).as_posix() for name, file in modules.items()}
    return [
        *(
            f"{places[name]}:{line}: {rule}"
            for name in modules
            for line, rule in (*_wrong_rooms(root.name, name, imports[name]), *_impure(root.name, name, trees[name]))
        ),
        *_rings(root.name, places, imports),
    ]


def _name(root: Path, file: Path) -> str:
    parts = (root.name, *file.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def _room(package: str, module: str) -> str:
    """evgraph.models.rate is in models; evgraph itself is in __init__."""
    return module.removeprefix(f"{package}.").split(".")[0] if module != package else "__init__"


def _imports(name: str, modules: dict[str, Path], tree: ast.Module) -> Iterator[Import]:
    """Every import of the module, also inside functions; a submodule that is taken from its package by its own name."""
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        runs = id(node) not in for_types
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, runs, is_whole=True)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(name, modules[name], node)
            for alias in node.names:
                taken = f"{base}.{alias.name}"
                is_whole = taken in modules
                yield Import(taken if is_whole else base, node.lineno, runs, is_whole)
        elif isinstance(node, ast.Call) and node.args:
            called, first = ast.unparse(node.func).rpartition(".")[2], node.args[0]
            if called in _LOADERS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Import(first.value, node.lineno, runs=False, is_whole=True)


def _absolute(name: str, file: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    around = name.split(".")
    here = around if file.name == "__init__.py" and around[-1] != "__init__" else around[:-1]
    above = here[: len(here) - (node.level - 1)]
    return ".".join([*above, *filter(None, [node.module])])


def _wrong_rooms(package: str, name: str, imports: list[Import]) -> Iterator[tuple[int, str]]:
    room = _room(package, name)
    if room not in MAY_IMPORT:
        yield 1, f"{room} is a room that the rule does not know; say in MAY_IMPORT what it may import"
        return
    for one in imports:
        target = _room(package, one.target)
        if one.target.split(".")[0] != package or target in (room, "__init__") or target in MAY_IMPORT[room]:
            continue
        allowed = ", ".join(sorted(MAY_IMPORT[room])) or "no other room"
        yield one.line, f"{room} must not import {one.target}; it may import {allowed}"


def _impure(package: str, name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    if _room(package, name) != "domain":
        return
    for node in ast.walk(tree):
        foreign: list[str] = []
        if isinstance(node, ast.Import):
            foreign = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            foreign = [node.module or ""]
        elif isinstance(node, ast.Attribute) and node.attr in _CLOCKS:
            yield node.lineno, f"the domain must not ask the clock ({ast.unparse(node)}); time comes in as an argument"
        for module in foreign:
            if module.split(".")[0] in NOT_IN_THE_DOMAIN:
                yield node.lineno, f"the domain must not import {module}; it is values in, values out"


def _rings(package: str, places: dict[str, str], imports: dict[str, list[Import]]) -> Iterator[str]:
    """Each ring once, told at the import that closes it."""
    nouns = {f"{package}.{noun}" for noun in RING_OF_NOUNS}
    edges = {
        name: {
            one.target: one.line
            for one in reversed(found)
            if one.runs
            and one.target in imports
            and _room(package, one.target) == _room(package, name)
            and not (one.is_whole and {name, one.target} <= nouns)
        }
        for name, found in imports.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> Iterator[str]:
        for target, line in sorted(edges[name].items()):
            if target in trail:
                ring = " > ".join([*trail[trail.index(target) :], target])
                yield f"{places[name]}:{line}: modules of one room must not import in a ring ({ring})"
            elif target not in done:
                yield from walk(target, [*trail, target])
        done.add(name)

    for name in sorted(edges):
        if name not in done:
            yield from walk(name, [name])


def test_imports_point_right():
    broken = broken_rules(PACKAGE)
    assert not broken, "\n" + "\n".join(broken)


def test_every_room_of_the_rule_is_there():
    rooms = {file.stem if file.is_file() else file.name for file in PACKAGE.iterdir()}
    assert MAY_IMPORT.keys() <= rooms


# ---------------------------------------------------------------------------------- the rule itself, on small trees


def tree_of(tmp_path: Path, **files: str) -> Path:
    """`services__charging="..."` is evgraph/services/charging.py; each package gets an empty __init__."""
    root = tmp_path / "evgraph"
    for name, text in {"__init__": "", **files}.items():
        file = root / (name if name.startswith("__") else name.replace("__", "/", 1))
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.with_suffix(".py").write_text(text, encoding="utf-8")
    return root


ORDER = ["cli", "demo", "app", "graph", "resolvers", "schema", "services", "models", "domain"]


@pytest.mark.parametrize("left", range(len(ORDER)))
@pytest.mark.parametrize("right", range(len(ORDER)))
def test_an_import_to_the_right_is_fine_and_to_the_left_is_not(tmp_path: Path, left: int, right: int):
    one, other = ORDER[left], ORDER[right]
    root = tree_of(tmp_path, **{f"{one}__a": f"\nfrom evgraph.{other}.b import c\n", f"{other}__b": ""})
    broken = broken_rules(root)
    if left <= right:
        assert broken == []
    else:
        (message,) = broken
        assert message.startswith(f"evgraph/{one}/a.py:2: {one} must not import evgraph.{other}.b; it may import ")


@pytest.mark.parametrize(
    ("room", "imported"),
    [
        ("bus", "models"),
        ("models", "bus"),
        ("ocpp", "schema"),
        ("ocpp", "resolvers"),
        ("ocpp", "graph"),
        ("ocpp", "simulator"),
        ("graph", "ocpp"),
        ("services", "ocpp"),
        ("services", "settings"),
        ("simulator", "domain"),
        ("simulator", "ocpp"),
        ("settings", "domain"),
        ("logs", "settings"),
        ("web", "settings"),
        ("app", "demo"),
        ("app", "cli"),
        ("demo", "cli"),
    ],
)
def test_equals_and_hermits_keep_apart(tmp_path: Path, room: str, imported: str):
    root = tree_of(tmp_path, **{f"{room}__a": f"import evgraph.{imported}.b", f"{imported}__b": ""})
    (message,) = broken_rules(root)
    assert message.startswith(f"evgraph/{room}/a.py:1: {room} must not import evgraph.{imported}.b; ")


@pytest.mark.parametrize(
    "statement",
    [
        "from evgraph.services.books import Books",
        "from evgraph.services import books",
        "from evgraph import services",
        "import evgraph.services.books as books",
        "from ..services import books",
        "from ..services.books import Books",
        "from .. import services",
        "if TYPE_CHECKING:\n    from evgraph.services.books import Books",
        "def late():\n    from evgraph.services import books",
        "books = importlib.import_module('evgraph.services.books')",
        "Books = Annotated['Books', strawberry.lazy('evgraph.services.books')]",
        "try:\n    import evgraph.services\nexcept ImportError:\n    pass",
    ],
)
def test_no_form_of_import_hides(tmp_path: Path, statement: str):
    (message,) = broken_rules(tree_of(tmp_path, models__row=statement, services__books=""))
    assert " models must not import evgraph.services" in message
    assert message.endswith("; it may import domain")


def test_a_file_is_a_room_as_well_as_a_folder(tmp_path: Path):
    root = tree_of(tmp_path, graph="from evgraph.app import server", app="import evgraph.settings", settings="")
    assert [message.partition("; ")[0] for message in broken_rules(root)] == [
        "evgraph/graph.py:1: graph must not import evgraph.app"
    ]


def test_the_package_itself_may_be_imported_and_imports_nothing(tmp_path: Path):
    assert broken_rules(tree_of(tmp_path, simulator__a="import evgraph\nfrom evgraph import __version__")) == []
    (message,) = broken_rules(tree_of(tmp_path, __init__="\nfrom evgraph.domain import money", domain__money=""))
    assert (
        message == "evgraph/__init__.py:2: __init__ must not import evgraph.domain.money; it may import no other room"
    )


def test_a_room_that_the_rule_does_not_know_is_told(tmp_path: Path):
    (message,) = broken_rules(tree_of(tmp_path, helpers="import json"))
    assert message == (
        "evgraph/helpers.py:1: helpers is a room that the rule does not know; say in MAY_IMPORT what it may import"
    )


@pytest.mark.parametrize("module", sorted(NOT_IN_THE_DOMAIN))
@pytest.mark.parametrize("form", ["import {}", "from {} import x", "import {}.inner as y"])
def test_the_domain_knows_nothing_of_the_world(tmp_path: Path, module: str, form: str):
    (message,) = broken_rules(tree_of(tmp_path, domain__port=form.format(module)))
    assert message.startswith(f"evgraph/domain/port.py:1: the domain must not import {module}")
    assert broken_rules(tree_of(tmp_path / "elsewhere", services__port=form.format(module))) == []


@pytest.mark.parametrize(
    "asking",
    [
        "datetime.now(UTC)",
        "datetime.datetime.now()",
        "datetime.utcnow()",
        "date.today()",
        "field(default_factory=datetime.now)",
    ],
)
def test_the_domain_asks_no_clock(tmp_path: Path, asking: str):
    (message,) = broken_rules(tree_of(tmp_path, domain__port=f"import datetime\nat = {asking}"))
    assert message.startswith("evgraph/domain/port.py:2: the domain must not ask the clock (")
    assert broken_rules(tree_of(tmp_path / "elsewhere", services__clock=f"at = {asking}")) == []


def test_the_domain_may_be_told_the_time(tmp_path: Path):
    assert broken_rules(tree_of(tmp_path, domain__port="def moved(now): return now")) == []


def test_a_ring_in_a_room_is_told_once(tmp_path: Path):
    root = tree_of(
        tmp_path,
        services__a="from evgraph.services import b",
        services__b="\nimport evgraph.services.c",
        services__c="def late():\n    from evgraph.services.a import x",
        services__d="from evgraph.services.a import x",
    )
    assert broken_rules(root) == [
        "evgraph/services/c.py:2: modules of one room must not import in a ring "
        "(evgraph.services.a > evgraph.services.b > evgraph.services.c > evgraph.services.a)"
    ]


def test_a_module_that_takes_from_its_package_what_that_takes_from_it_is_a_ring(tmp_path: Path):
    root = tree_of(tmp_path, models__rate="from evgraph.models import RateRow")
    (root / "models" / "__init__.py").write_text("from evgraph.models.rate import RateRow")
    (message,) = broken_rules(root)
    assert message.endswith("(evgraph.models > evgraph.models.rate > evgraph.models)")


def test_the_graphs_nouns_may_take_one_another_whole_but_not_by_name(tmp_path: Path):
    whole = {"schema__port": "from evgraph.schema import stay", "schema__stay": "from evgraph.schema import port"}
    assert broken_rules(tree_of(tmp_path, **whole)) == []
    by_name = {
        "schema__port": "from evgraph.schema.stay import Stay",
        "schema__stay": "from evgraph.schema.port import Port",
    }
    assert len(broken_rules(tree_of(tmp_path / "by_name", **by_name))) == 1
    others = {"schema__rate": "from evgraph.schema import money", "schema__money": "from evgraph.schema import rate"}
    assert len(broken_rules(tree_of(tmp_path / "others", **others))) == 1


def test_types_alone_make_no_ring(tmp_path: Path):
    root = tree_of(
        tmp_path,
        schema__port="from evgraph.schema.references import StayRef",
        schema__references="if TYPE_CHECKING:\n    from evgraph.schema.port import Port\n"
        "StayRef = strawberry.lazy('evgraph.schema.port')",
    )
    assert broken_rules(root) == []
