#!/usr/bin/env python3
"""Checks what the compiler does not: no two source files import each other, directly or round about, no file is longer
than 400 lines without its tests, and README keeps to 700 words. Prints every finding; exit code 1 if there is one."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 400
MAX_README_WORDS = 700
TESTS = re.compile(r"^#\[cfg\(((all\()?test\b).*?\)\]\n(pub(\([^)]*\))? )?mod \w+ \{.*\Z", re.S | re.M)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
MODULE = re.compile(r"^\s*(?:pub(?:\([^)]*\))? )?mod (\w+);", re.M)
USE = re.compile(r"\b(pub(?:\([^)]*\))? )?use ([^;]+);")
ITEM = re.compile(r"^(?:pub(?:\([^)]*\))? )?(?:async |const |unsafe )*(?:fn|struct|enum|trait|type|const|static|mod) (\w+)", re.M)
PATH = re.compile(r"\b((?:crate|self|super)(?:::\w+)+)")


def leaves(tree, prefix=()):
    """The paths of a `use` declaration and the name that each gets."""
    tree = tree.strip()
    if not tree:
        return
    if "{" in tree:
        head, rest = tree.split("{", 1)
        head = tuple(part for part in head.strip().rstrip(":").split("::") if part)
        depth, start = 0, 0
        body = rest.rsplit("}", 1)[0]
        for at, letter in enumerate(body + ","):
            depth += (letter == "{") - (letter == "}")
            if letter == "," and depth == 0:
                yield from leaves(body[start:at], prefix + head)
                start = at + 1
        return
    path, _, alias = tree.partition(" as ")
    path = prefix + tuple(path.strip().split("::"))
    yield path, alias.strip() or (path[-2] if path[-1] == "self" and len(path) > 1 else path[-1])


class Crate:
    def __init__(self, root):
        self.files = {}
        self.load((), root)
        self.exports = {module: self.exports_of(module) for module in self.files}

    def load(self, module, path):
        text = COMMENT.sub("", path.read_text())
        text = TESTS.sub("", text)
        text = re.sub(r"#\[cfg\((all\()?test\b[^\n]*\n\s*mod \w+;", "", text)
        self.files[module] = (path, text)
        folder = path.parent if path.name in ("lib.rs", "main.rs", "mod.rs") else path.with_suffix("")
        for child in MODULE.findall(text):
            for file in (folder / f"{child}.rs", folder / child / "mod.rs"):
                if file.exists():
                    self.load(module + (child,), file)

    def absolute(self, module, path):
        """A path of `use`, from the root of the crate; `None` if it leads out of the crate."""
        head, here = path[0], list(module)
        if head == "crate":
            here, path = [], path[1:]
        elif head == "self":
            path = path[1:]
        elif head == "super":
            while path and path[0] == "super":
                here, path = here[:-1], path[1:]
        elif tuple(module) + (head,) not in self.files:
            return None
        return tuple(here) + tuple(part for part in path if part != "self")

    def exports_of(self, module):
        text = self.files[module][1]
        names = {}
        for _, tree in USE.findall(text):
            for path, name in leaves(tree):
                target = self.absolute(module, path)
                if target is not None:
                    names[name] = target
        return names

    def home(self, target, seen=()):
        """The file that an absolute path leads to, through re-exports."""
        for length in range(len(target), -1, -1):
            module, rest = target[:length], target[length:]
            if module in self.files:
                if rest and rest[0] in self.exports[module] and (module, rest[0]) not in seen:
                    onwards = self.exports[module][rest[0]] + rest[1:]
                    return self.home(onwards, seen + ((module, rest[0]),))
                return module, bool(rest) and rest[0] in ITEM.findall(self.files[module][1])
        return (), False

    def imports(self):
        """For each module those that it takes something from. A parent that only re-exports takes nothing."""
        edges = {module: set() for module in self.files}
        for module, (_, text) in self.files.items():
            body = re.sub(r"pub\(in [^)]*\)", "", USE.sub("", text))
            wanted = []
            for public, tree in USE.findall(text):
                for path, name in leaves(tree):
                    if name == "*" or re.search(rf"\b{re.escape(name)}\b", body):
                        wanted.append(path)
            wanted += [tuple(path.split("::")) for path in PATH.findall(body)]
            for path in wanted:
                target = self.absolute(module, path)
                if target is None:
                    continue
                home, _ = self.home(target)
                if home != module and home in self.files:
                    edges[module].add(home)
        return edges


def circles(edges):
    """The groups of modules that reach each other (Tarjan's strongly connected components)."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on.add(node)
        for beyond in edges[node]:
            if beyond not in index:
                visit(beyond)
                low[node] = min(low[node], low[beyond])
            elif beyond in on:
                low[node] = min(low[node], index[beyond])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
                on.discard(group[-1])
            if len(group) > 1:
                found.append(sorted(group))

    for node in edges:
        if node not in index:
            visit(node)
    return found


def main():
    findings = []
    sys.setrecursionlimit(10_000)
    for manifest in sorted(ROOT.glob("crates/*/Cargo.toml")):
        root = manifest.parent / "src" / "lib.rs"
        crate = Crate(root if root.exists() else root.with_name("main.rs"))
        edges = crate.imports()
        name = manifest.parent.name
        for group in circles(edges):
            files = ", ".join("::".join(module) or "lib" for module in group)
            findings.append(f"{name}: files import each other round about: {files}")
        for path, _ in crate.files.values():
            lines = TESTS.sub("", path.read_text()).count("\n")
            if lines > MAX_LINES:
                findings.append(f"{path.relative_to(ROOT)}: {lines} lines, at most {MAX_LINES}")
    words = len([word for word in (ROOT / "README.md").read_text().split() if word.strip("|-")])
    if words > MAX_README_WORDS:
        findings.append(f"README.md: {words} words, at most {MAX_README_WORDS}")
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
