#!/usr/bin/env python3
"""Lists the public items of library crates from rustdoc's JSON, one line each, sorted by path: see api.sh.

    api.py [--check] JSON_FOLDER LISTING_FOLDER CRATE...

Writes LISTING_FOLDER/CRATE.txt. With --check it writes nothing and prints what differs; exit code 1 if anything does.

An item stands where its path is shortest; for each other path a line `pub use` says so. `..` among fields means private
ones, behind a function of a trait that it is provided. The traits of a type are one line, without auto traits and blanket
implementations. Types are written by their last names, or by their whole paths where two of them share a name."""

import difflib
import heapq
import json
import sys
from pathlib import Path

from rust_syntax import Syntax, only

# What rustdoc of the toolchain in rust-toolchain.toml writes.
FORMAT = 57
# A game depends on `bevy` and on this crate alone, so its signatures name nothing that neither of the two re-exports. Games do
# not name the traits of serde that types implement.
FACADE = "bevy_bluemarble"
FROM_BEVY = {"alloc", "bevy", "core", "glam", "serde_core", "std"}
# Part of `derive(PartialEq)`; nobody names it.
INTERNAL_TRAITS = {"StructuralPartialEq"}
# Where an item of a trait says that implementations may leave it out.
PROVIDED = {"function": "has_body", "assoc_const": "value", "assoc_type": "type"}


class Listing:
    """The public items of one crate."""

    def __init__(self, document):
        self.index, self.summaries = document["index"], document["paths"]
        self.places, self.aliases = {}, {}
        self.syntax = Syntax(self.full_path)
        self.root = document["root"]
        self.find_places(self.root)

    def text(self):
        self.lines()
        self.syntax.disambiguate()
        return "".join(f"{line}\n" for *_, line in sorted(self.lines()))

    def without_reflection(self):
        """Components, resources and messages that scenes and inspectors cannot see; to be called after `text`."""
        kinds = {"Component", "Resource", "Message", "EntityEvent"}
        for id, path in self.places.items():
            _, inner = self.contents(id)
            impls = inner.get("impls", []) if isinstance(inner, dict) else []
            traits = {impl["trait"]["path"].split("::")[-1] for impl in map(self.impl, impls) if impl and impl["trait"]}
            if traits & kinds and "Reflect" not in traits:
                yield path

    def impl(self, id):
        return self.contents(id)[1]

    def crates_without_reexport(self):
        """Crates whose items signatures name, and which this crate does not re-export; to be called after `text`."""
        paths = {path for paths in self.syntax.paths_of.values() for path in paths if "::" in path}
        own = self.full_path(self.root)
        reexported = {source.split("::")[0] for source in self.aliases.values()}
        named = {crate for crate in (path.split("::")[0] for path in paths) if not crate.startswith("bevy_")}
        return named - reexported - FROM_BEVY - {own}

    def contents(self, id):
        """The kind of an item of this crate, and what it holds; `None` twice for what is elsewhere or hidden."""
        item = self.index.get(str(id))
        return only(item["inner"]) if item and item["crate_id"] == 0 else (None, None)

    def is_of_crate(self, id):
        return id in self.places or self.summaries.get(str(id), {}).get("crate_id") == 0

    def is_private(self, id):
        return self.is_of_crate(id) and id not in self.places

    def full_path(self, id):
        summary = self.summaries.get(str(id))
        return self.places.get(id) or (summary and "::".join(summary["path"]))

    def find_places(self, root):
        """Finds where every item stands, nearest to the root first, and its other paths."""
        waiting = []

        def put(id, path, source):
            if id is None:
                self.aliases[path] = source
                return
            rank = (path.count("::"), "::prelude" in path, source is not None, path)
            heapq.heappush(waiting, (rank, id, path, source))

        def put_children(children, path, seen):
            for id in children:
                (kind, inner), name = self.contents(id), self.index.get(str(id), {}).get("name")
                if kind == "extern_crate":
                    self.aliases[f"{path}::{inner['name']}"] = inner["rename"] or inner["name"]
                elif kind == "use" and inner["name"] == "_":
                    continue
                elif kind == "use" and not inner["is_glob"]:
                    put(inner["id"], f"{path}::{inner['name']}", inner["source"])
                elif kind == "use":
                    beyond, target = self.contents(inner["id"])
                    if beyond is None:
                        self.aliases[f"{path}::*"] = f"{inner['source']}::*"
                    elif inner["id"] not in seen:
                        put_children(target.get("items") or target.get("variants"), path, {*seen, inner["id"]})
                elif kind and not (kind == "module" and inner["is_stripped"]):
                    put(id, f"{path}::{name}", None)

        put(root, self.index[str(root)]["name"], None)
        while waiting:
            _, id, path, source = heapq.heappop(waiting)
            kind, inner = self.contents(id)
            if kind is None:
                self.aliases[path] = source
            elif kind == "variant" or id in self.places:
                self.aliases[path] = self.full_path(id)
            else:
                self.places[id] = path
                if kind == "module":
                    put_children(inner["items"], path, {id})

    def lines(self):
        """Lines with what they are sorted by."""
        lines = [(path, 0, f"pub use {source} as {path}") for path, source in self.aliases.items() if path != source]
        for id, path in self.places.items():
            kind, inner = self.contents(id)
            mark = "#[non_exhaustive] " * ("non_exhaustive" in self.index[str(id)]["attrs"])
            lines.append((path, 0, mark + self.line(path, kind, inner)))
            if kind in ("struct", "union", "enum", "trait"):
                shape = only(inner.get("kind", ""))[1]
                fields = shape["fields"] if isinstance(shape, dict) else inner.get("fields", [])
                lines += self.members(path, path, fields + inner.get("variants", []) + inner.get("items", []), kind == "trait")
                lines += self.impls(id, path, inner.get("impls", []))
        return set(lines) | set(self.foreign_impls())

    def members(self, path, owner, ids, is_trait=False, *generics):
        for id in ids:
            if name := self.index.get(str(id), {}).get("name"):
                kind, inner = self.contents(id)
                line = self.line(f"{owner}::{name}", kind, inner, *generics)
                is_provided = is_trait and inner[PROVIDED[kind]]
                yield f"{path}::{name}", 0, line + " { .. }" * bool(is_provided)

    def line(self, path, kind, inner, *owners):
        syntax = self.syntax
        generics = inner.get("generics") if isinstance(inner, dict) else None
        start, conditions = (path + syntax.parameters(generics), syntax.conditions(generics)) if generics else (path, "")
        type = f": {syntax.type(inner['type'])}" if isinstance(inner, dict) and inner.get("type") else ""
        match kind:
            case "struct":
                return f"pub struct {start}{self.fields(inner['kind'], 'pub ')}{conditions}"
            case "variant":
                discriminant = f" = {inner['discriminant']['expr']}" if inner["discriminant"] else ""
                return f"pub {path}{self.fields(inner['kind'])}{discriminant}"
            case "struct_field":
                return f"pub {path}: {syntax.type(inner)}"
            case "trait":
                bounds = f": {syntax.bounds(inner['bounds'])}" if inner["bounds"] else ""
                return f"pub {'unsafe ' * inner['is_unsafe']}trait {start}{bounds}{conditions}"
            case "function":
                return syntax.function(path, inner, *owners)
            case "type_alias" | "assoc_type":
                bounds = f": {syntax.bounds(inner['bounds'])}" if inner.get("bounds") else ""
                return f"pub type {start}{bounds}{type.replace(':', ' =', 1)}{conditions}"
            case "constant" | "assoc_const":
                return f"pub const {path}{type}"
            case "static":
                return f"pub static {'mut ' * inner['is_mutable']}{path}{type}"
            case "module":
                return f"pub mod {path}"
            case _:
                return f"pub {kind} {start}{conditions}"

    def fields(self, shape, visibility=""):
        def field(id):
            return visibility + self.syntax.type(self.contents(id)[1]) if id is not None else "_"

        match only(shape):
            case "tuple", ids:
                return f"({', '.join(map(field, ids))})"
            case ("plain" | "struct"), {"fields": ids, "has_stripped_fields": is_partly_private}:
                # Those of structs have lines of their own.
                named = [] if visibility else [f"{self.index[str(id)]['name']}: {field(id)}" for id in ids]
                parts = named + [".."] * is_partly_private
                return f" {{ {', '.join(parts)} }}" if parts else ""
            case _:
                return ""

    def impls(self, type, path, ids):
        traits = set()
        for impl in filter(is_own, (self.contents(id)[1] for id in ids)):
            target = impl["for"].get("resolved_path")
            if target is None or target["id"] != type:
                continue
            if impl["trait"] is None:
                owner = path + self.syntax.arguments(target["args"])
                yield from self.members(path, owner, impl["items"], False, all_conditions(impl["generics"]))
            elif not self.is_private(impl["trait"]["id"]):
                traits.add(self.trait(impl))
        if traits := sorted(traits - INTERNAL_TRAITS):
            yield path, 1, f"impl {path}: {' + '.join(traits)}"

    def trait(self, impl):
        types = [(id, inner["type"]) for id in impl["items"] for kind, inner in [self.contents(id)] if kind == "assoc_type"]
        types = [f"{self.index[str(id)]['name']} = {self.syntax.type(type)}" for id, type in types]
        return "!" * impl["is_negative"] + self.syntax.path(impl["trait"], types)

    def foreign_impls(self):
        """Implementations for types that are not of this crate."""
        for kind, impl in map(self.contents, self.index):
            if kind != "impl" or impl["trait"] is None or not is_own(impl):
                continue
            target = impl["for"].get("resolved_path")
            if not self.is_private(impl["trait"]["id"]) and (target is None or not self.is_of_crate(target["id"])):
                start = f"impl{self.syntax.parameters(impl['generics'])} {self.trait(impl)}"
                yield "", 0, f"{start} for {self.syntax.type(impl['for'])}{self.syntax.conditions(impl['generics'])}"


def is_own(impl):
    """Whether an implementation is written down, or derived, for the type itself."""
    return impl is not None and not impl["is_synthetic"] and not impl["blanket_impl"]


def all_conditions(generics):
    """Generics with the bounds of parameters as conditions, to be written where the parameters are not."""
    types = [(one["name"], one["kind"]["type"]["bounds"]) for one in generics["params"] if "type" in one["kind"]]
    bounds = [{"type": {"generic": name}, "bounds": bounds, "generic_params": []} for name, bounds in types if bounds]
    return {"where_predicates": [{"bound_predicate": one} for one in bounds] + generics["where_predicates"]}


def main():
    is_check = "--check" in sys.argv[1:]
    documents, listings, *crates = (one for one in sys.argv[1:] if one != "--check")
    differs = False
    for crate in crates:
        document = json.loads((Path(documents) / f"{crate}.json").read_text())
        if document["format_version"] != FORMAT:
            sys.exit(f"api.py: rustdoc writes format {document['format_version']} and {FORMAT} is known: adapt api.py")
        listing, file = Listing(document), Path(listings) / f"{crate}.txt"
        text = listing.text()
        if crate == FACADE and (lacking := sorted(listing.crates_without_reexport())):
            sys.exit(f"api.py: signatures of {crate} name items of {', '.join(lacking)}: re-export the crate in its lib.rs")
        if hidden := sorted(listing.without_reflection()):
            sys.exit(f"api.py: {', '.join(hidden)}: derive Reflect, as for every public component, resource and message")
        if not is_check:
            file.write_text(text)
            continue
        known = file.read_text().splitlines() if file.exists() else []
        for line in difflib.unified_diff(known, text.splitlines(), str(file), "now", n=0, lineterm=""):
            differs = True
            print(line)
    if differs:
        sys.exit("docs/api is not what the code says: if the change is meant, run scripts/api.sh and commit what it writes")


if __name__ == "__main__":
    main()
