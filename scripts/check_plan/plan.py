"""A plan's resources, and which of them a value means that is known only after the apply."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

type Json = dict[str, Any]

_INDEX = re.compile(r"\[(?:\"[^\"]*\"|\d+)\]")
_RESOURCE = re.compile(r"(aws_\w+\.\w+)")


@dataclass(frozen=True)
class Resource:
    """A planned resource; a value that is known only after the apply is missing from `values`, or None there."""

    address: str
    type: str
    values: Json

    @property
    def module(self) -> str:
        """The address of the module it lies in, without instance keys; "" for the root."""
        return ".".join(_plain(self.address).split(".")[:-2])

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a plan's values are of any kind
        return self.values.get(name)


@dataclass(frozen=True)
class Plan:
    """A plan as `terraform show -json` tells it."""

    document: Json

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every managed resource as it would be after the apply."""
        return tuple(_resources(self.document.get("planned_values", {}).get("root_module", {})))

    def of(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of some types."""
        return (each for each in self.resources if each.type in types)

    def meant(self, resource: Resource, attribute: str, wanted: str) -> list[Resource]:
        """Return the resources of the type `wanted` that an attribute means: by its ARN or name, or by reference.

        References are followed through modules' inputs and outputs; a plan's JSON does not tell of locals.
        """
        value = resource[attribute]
        if isinstance(value, str) and value:
            return [each for each in self.of(wanted) if _names(value, each)]
        found = self._follow(resource.module, _references(self._expressions(resource).get(attribute)), set())
        return [each for each in self.of(wanted) if _plain(each.address) in found]

    def sets(self, resource: Resource, attribute: str) -> bool:
        """Tell whether an attribute or block is set, be its value known or not."""
        if attribute in resource.values:
            return resource[attribute] not in (None, "", [])
        expression = self._expressions(resource).get(attribute)
        return bool(expression) and expression != {"constant_value": None}

    def _expressions(self, resource: Resource) -> Json:
        """Return the expressions of a resource's attributes and blocks."""
        address = ".".join(_plain(resource.address).split(".")[-2:])
        listed = self._module(resource.module).get("resources", [])
        found: Json = next((each.get("expressions", {}) for each in listed if each.get("address") == address), {})
        return found

    def _follow(self, module: str, references: list[str], seen: set[tuple[str, str]]) -> set[str]:
        """Return the plain addresses of the resources that references of a module lead to."""
        found: set[str] = set()
        for reference in references:
            if (module, reference) in seen:
                continue
            seen.add((module, reference))
            parts = _plain(reference).split(".")
            if match := _RESOURCE.match(_plain(reference)):
                found.add(f"{module}.{match[1]}".lstrip("."))
            elif parts[0] == "var" and module:
                parent, name = module.rpartition("module.")[0].rstrip("."), module.rpartition(".")[2]
                call = self._module(parent).get("module_calls", {}).get(name, {})
                found |= self._follow(parent, _references(call.get("expressions", {}).get(parts[1])), seen)
            elif parts[0] == "module" and len(parts) > 2:  # noqa: PLR2004 - module.NAME.OUTPUT
                child = f"{module}.module.{parts[1]}".lstrip(".")
                output = self._module(child).get("outputs", {}).get(parts[2], {})
                found |= self._follow(child, _references(output.get("expression")), seen)
        return found

    def _module(self, address: str) -> Json:
        """Return the configuration of a module."""
        module: Json = self.document.get("configuration", {}).get("root_module", {})
        for name in address.split(".")[1::2] if address else ():
            module = module.get("module_calls", {}).get(name, {}).get("module", {})
        return module


def _resources(module: Json) -> Iterator[Resource]:
    for each in module.get("resources", []):
        if each.get("mode", "managed") == "managed":
            yield Resource(each["address"], each["type"], each.get("values", {}))
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _plain(address: str) -> str:
    return _INDEX.sub("", address)


def _references(expression: object) -> list[str]:
    """Return all references of an expression, which may hold nested blocks."""
    if isinstance(expression, dict):
        own = list(expression.get("references", []))
        return own + [each for value in expression.values() for each in _references(value)]
    if isinstance(expression, list):
        return [each for value in expression for each in _references(value)]
    return []


def _names(value: str, resource: Resource) -> bool:
    """Tell whether a value is a resource's ARN or name, or the ARN of an alias of it."""
    own = {resource["arn"], resource["id"]} - {None}
    name = resource["function_name"] or resource["name"]
    last = value.split(":")[6] if ":function:" in value else value.rsplit(":", 1)[-1]
    return value in own or any(value.startswith(f"{arn}:") for arn in own) or name in (value, last)
