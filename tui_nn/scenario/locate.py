"""Line and column of every key and value of a TOML text. Loaded only when there is an error to report."""

from typing import TYPE_CHECKING, NamedTuple

from tui_nn.scenario.errors import Fault, Path

if TYPE_CHECKING:
    from tree_sitter import Node


MAX_ELEMENTS = 1_000  # of one array; later ones are reported at the array itself

Point = tuple[int, int]  # row and byte column from 0, as tree-sitter counts


class Place(NamedTuple):
    """Line and column from 1; the column counts characters."""

    line: int
    column: int


class Places:
    """Where things stand. Empty, and then of no help, if the tree-sitter wheels are not installed."""

    def __init__(self, text: str) -> None:
        self.keys: dict[Path, Point] = {}
        self.values: dict[Path, Point] = {}
        self._lines = text.encode().split(b"\n")
        self._tables: dict[Path, int] = {}  # arrays of tables: how many so far
        try:
            import tree_sitter_toml
            from tree_sitter import Language, Parser
        except ImportError:
            return
        root = Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node
        self._walk(root)

    def of(self, fault: Fault) -> Place | None:
        """The best place to point at: the thing itself, else the nearest table around it, else the first line."""
        if not self.keys:
            return None
        path, order = fault.path, (self.values, self.keys) if fault.on == "value" else (self.keys, self.values)
        while path:
            for table in order:
                if path in table:
                    return self._place(table[path])
            path = path[:-1]
            order = (self.keys, self.values)
        return Place(1, 1)

    def _walk(self, root: "Node") -> None:
        for node in root.named_children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def _table(self, node: "Node") -> None:
        children = node.named_children
        header = _key_parts(children[0]) if children else ()
        path = self._resolve(header[:-1])
        last = (*path, *header[-1:])
        if node.type == "table_array_element":
            self._tables[last] = self._tables.get(last, -1) + 1
            self.keys.setdefault(last, _start(node))
            last = (*last, self._tables[last])
        elif last in self._tables:
            last = (*last, self._tables[last])
        self.keys.setdefault(last, _start(node))
        for child in children[1:]:
            if child.type == "pair":
                self._pair(child, last)

    def _resolve(self, header: Path) -> Path:
        """A header's path with the index of the newest table in each array of tables on the way."""
        path: Path = ()
        for part in header:
            path = (*path, part)
            if path in self._tables:
                path = (*path, self._tables[path])
        return path

    def _pair(self, node: "Node", table: Path) -> None:
        # A list of its own, not recursion: how deep a stranger nests brackets is the stranger's choice.
        pending = [(node, table)]
        while pending:
            node, table = pending.pop()
            if node.type == "pair":
                children = node.named_children
                if len(children) < 2:
                    continue
                path = table
                for part in _key_parts(children[0]):
                    path = (*path, part)
                    self.keys.setdefault(path, _start(children[0]))
                self.values[path] = _start(children[1])
                pending.append((children[1], path))
            elif node.type == "inline_table":
                pending += [(child, table) for child in node.named_children if child.type == "pair"]
            elif node.type == "array":
                children = node.named_children[:MAX_ELEMENTS]
                elements = [child for child in children if child.type != "comment"]
                for index, child in enumerate(elements):
                    self.values[(*table, index)] = _start(child)
                    pending.append((child, (*table, index)))

    def _place(self, point: Point) -> Place:
        row, byte_column = point
        before = self._lines[row][:byte_column]
        return Place(row + 1, len(before.decode(errors="replace")) + 1)


def _start(node: "Node") -> Point:
    return node.start_point.row, node.start_point.column


def _key_parts(node: "Node") -> Path:
    if node.type == "dotted_key":
        # The grammar nests a.b.c as ((a.b).c).
        return tuple(part for child in node.named_children for part in _key_parts(child))
    text = (node.text or b"").decode(errors="replace")
    return (text[1:-1],) if node.type == "quoted_key" else (text,)
