"""What main.tf says before the schema of its Terraform providers, which their registry alone hands
out, but which CDK for Terraform publishes with its packages on npm (.jsii: each resource is a type,
each argument a property).

    terraform_schema.py MAIN.TF JSII...    prints a line for each problem; needs python-hcl2"""

import json
import re
import sys

import hcl2

BUILT_IN = {"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"}


def camel(name):
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def plain(name):
    """As it was written: names of blocks may come in quotes."""
    return name.strip('"')


class Schema:
    def __init__(self, paths):
        self.types, self.resources = {}, {}
        for path in paths:
            with open(path, encoding="utf-8") as file:
                told = json.load(file)
            provider = told["name"].rpartition("-")[2]
            for name, about in told["types"].items():
                if not about.get("properties"):
                    continue
                self.types[name] = {each["name"].lower(): each for each in about["properties"]}
                _, module, own = name.lower().rsplit(".", 2)
                if own == module + "config" and about["kind"] == "interface":
                    self.resources[provider, module] = self.types[name]

    def resource(self, kind, name):
        provider, _, rest = name.partition("_")
        module = camel("data_" + name if kind == "data" else rest)
        return self.resources.get((provider, module.lower()))

    def check(self, where, told, wanted):
        """Lines on what a block tells."""
        for name, value in told.items():
            if name.startswith("__") or name in BUILT_IN:
                continue
            about = wanted.get(camel(name).lower())
            if not about:
                yield f"{where}: there is no {name}"
                continue
            yield from self.check_value(f"{where}.{name}", value, about["type"])
        given = {camel(name).lower() for name in told}
        for name, about in wanted.items():
            if not about.get("optional") and name not in given:
                yield f"{where}: {about['name']} is missing"

    def check_value(self, where, value, wanted):
        blocks = [each for each in (value if isinstance(value, list) else [value])
                  if isinstance(each, dict)]
        inner = wanted.get("fqn") or wanted.get("collection", {}).get("elementtype", {}).get("fqn")
        for kind in wanted.get("union", {}).get("types", ()):
            inner = inner or kind.get("fqn") or \
                kind.get("collection", {}).get("elementtype", {}).get("fqn")
        if inner in self.types:
            for block in blocks or [{}]:
                yield from self.check(where, block, self.types[inner])
        elif wanted.get("primitive") == "number" and isinstance(value, str) and \
                re.fullmatch(r'"[^"$]*"', value):
            yield f"{where}: {value} is no number"
        elif wanted.get("primitive") and isinstance(value, (dict, list)):
            yield f"{where}: one value is wanted"


def main(path, *schemas):
    with open(path, encoding="utf-8") as file:
        told = hcl2.load(file)
    schema, count = Schema(schemas), 0
    for kind in "resource", "data":
        for entry in told.get(kind, ()):
            for name, named in entry.items():
                wanted = schema.resource(kind, plain(name))
                if not wanted:
                    print(f"there is no {kind} {name}")
                    continue
                for label, block in named.items():
                    count += 1
                    for line in schema.check(f"{plain(name)}.{plain(label)}", block, wanted):
                        print(line)
    if not count:
        print("it has no resource")


if __name__ == "__main__":
    main(*sys.argv[1:])
