"""Types, bounds and generics of rustdoc's JSON in Rust's syntax."""

from collections import defaultdict

# What everybody means by the last name, whatever else has it.
WELL_KNOWN = {"core::result::Result"}


def only(table):
    """The kind and the contents of an enum in JSON: `{"kind": contents}`, or `"kind"` without contents."""
    return (table, None) if isinstance(table, str) else next(iter(table.items()))


class Syntax:
    """Types, bounds and generics in Rust's syntax. `full_path` tells the path of an id."""

    def __init__(self, full_path):
        self.full_path = full_path
        self.paths_of = defaultdict(set)
        self.shared_names = set()

    def disambiguate(self):
        """To be called once everything was written once: names of several types are written as paths from then on."""
        self.shared_names = {name for name, paths in self.paths_of.items() if len(paths) > 1}

    def path(self, path, constraints=()):
        full = self.full_path(path["id"]) or path["path"]
        name = full.rsplit("::", 1)[-1]
        self.paths_of[name].add(full)
        is_shared = name in self.shared_names and full not in WELL_KNOWN
        return (full if is_shared else name) + self.arguments(path["args"], constraints)

    def arguments(self, arguments, constraints=()):
        kind, given = only(arguments or {"angle_bracketed": {"args": [], "constraints": []}})
        if kind == "parenthesized":
            return f"({self.types(given['inputs'])}){self.output(given['output'])}"
        parts = [self.argument(one) for one in given["args"]]
        parts += [self.constraint(one) for one in given["constraints"]] + list(constraints)
        return f"<{', '.join(parts)}>" if parts else ""

    def argument(self, argument):
        match only(argument):
            case "type", type:
                return self.type(type)
            case "const", constant:
                return constant["expr"]
            case kind, given:
                return given or kind.replace("infer", "_")

    def constraint(self, constraint):
        name = constraint["name"] + self.arguments(constraint["args"])
        match only(constraint["binding"]):
            case "constraint", bounds:
                return f"{name}: {self.bounds(bounds)}"
            case _, term:
                return f"{name} = {self.argument(term).replace('constant', 'const')}"

    def types(self, types):
        return ", ".join(map(self.type, types))

    def type(self, type):
        match only(type):
            case "resolved_path", path:
                return self.path(path)
            case "generic", name:
                return name
            case "primitive", name:
                return name.replace("never", "!")
            case "tuple", types:
                return f"({self.types(types)}{',' * (len(types) == 1)})"
            case "slice", inner:
                return f"[{self.type(inner)}]"
            case "array", array:
                return f"[{self.type(array['type'])}; {array['len']}]"
            case "impl_trait", bounds:
                return f"impl {self.bounds(bounds)}"
            case "dyn_trait", dyn:
                traits = [self.for_lifetimes(one) + self.path(one["trait"]) for one in dyn["traits"]]
                return "dyn " + " + ".join(traits + [dyn["lifetime"]] * bool(dyn["lifetime"]))
            case "raw_pointer", pointer:
                return f"*{'mut' if pointer['is_mutable'] else 'const'} {self.pointee(pointer['type'])}"
            case "borrowed_ref", reference:
                lifetime = f"{reference['lifetime']} " if reference["lifetime"] else ""
                return f"&{lifetime}{'mut ' * reference['is_mutable']}{self.pointee(reference['type'])}"
            case "function_pointer", pointer:
                inputs = self.types(type for _, type in pointer["sig"]["inputs"])
                start = self.for_lifetimes(pointer) + self.header(pointer["header"])
                return f"{start}fn({inputs}){self.output(pointer['sig']['output'])}"
            case "qualified_path", path:
                owner = self.type(path["self_type"])
                if path["trait"] and "generic" not in path["self_type"]:
                    owner = f"<{owner} as {self.path(path['trait'])}>"
                return f"{owner}::{path['name']}{self.arguments(path['args'])}"
            case kind, _:
                return kind.replace("infer", "_")

    def pointee(self, type):
        text = self.type(type)
        return f"({text})" if text.startswith(("dyn ", "impl ")) and " + " in text else text

    def output(self, type):
        return f" -> {self.type(type)}" if type else ""

    def for_lifetimes(self, binder):
        lifetimes = ", ".join(one["name"] for one in binder["generic_params"])
        return f"for<{lifetimes}> " if lifetimes else ""

    def bounds(self, bounds):
        return " + ".join(map(self.bound, bounds))

    def bound(self, bound):
        match only(bound):
            case "outlives", lifetime:
                return lifetime
            case "use", names:
                return f"use<{', '.join(only(one)[1] or one for one in names)}>"
            case _, given:
                modifier = {"maybe": "?", "maybe_const": "~const "}.get(given["modifier"], "")
                return modifier + self.for_lifetimes(given) + self.path(given["trait"])

    def parameters(self, generics):
        parts = [self.parameter(one["name"], *only(one["kind"])) for one in generics["params"]]
        parts = [part for part in parts if part]
        return f"<{', '.join(parts)}>" if parts else ""

    def parameter(self, name, kind, given):
        if kind == "lifetime":
            return name + (f": {' + '.join(given['outlives'])}" if given["outlives"] else "")
        if kind == "const":
            return f"const {name}: {self.type(given['type'])}" + (f" = {given['default']}" if given["default"] else "")
        # `impl Trait` of an argument, which says so itself.
        if given["is_synthetic"]:
            return None
        bounds = f": {self.bounds(given['bounds'])}" if given["bounds"] else ""
        return name + bounds + (f" = {self.type(given['default'])}" if given["default"] else "")

    def conditions(self, *all_generics):
        parts = []
        for predicate in (one for generics in all_generics for one in generics["where_predicates"]):
            kind, given = only(predicate)
            if kind == "bound_predicate":
                parts.append(f"{self.for_lifetimes(given)}{self.type(given['type'])}: {self.bounds(given['bounds'])}")
            elif kind == "lifetime_predicate":
                parts.append(f"{given['lifetime']}: {' + '.join(given['outlives'])}")
        return f" where {', '.join(parts)}" if parts else ""

    def header(self, header):
        words = [word for word in ("const", "async", "unsafe") if header[f"is_{word}"]]
        words += [] if header["abi"] == "Rust" else [f'extern "{only(header["abi"])[0]}"']
        return "".join(f"{word} " for word in words)

    def function(self, path, function, *owners):
        def argument(name, type):
            text = self.type(type)
            if name != "self":
                return f"{name}: {text}"
            is_short = text == "Self" or text.startswith("&") and text.endswith(("&Self", " Self"))
            return text.removesuffix("Self") + "self" if is_short else f"self: {text}"

        signature, generics = function["sig"], function["generics"]
        inputs = ", ".join(argument(*one) for one in signature["inputs"])
        start = f"pub {self.header(function['header'])}fn {path}{self.parameters(generics)}"
        return f"{start}({inputs}){self.output(signature['output'])}{self.conditions(*owners, generics)}"
