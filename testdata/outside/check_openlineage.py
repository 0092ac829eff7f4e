"""Loads every event of a file of JSON lines with the classes of openlineage-python, strictly: python check_openlineage.py FILE [KILLED]

A field that the classes do not have, one that they need and that is missing, a value of another type, a schema that they do not know: all end it
with the line and the reason. Facets that other producers add on their own are only asked for what every facet has. Of Tributary's own events it
also wants that runs begin and end (but those of as many processes as were killed), that columns are made of columns that exist, and that nothing in between gets lost.
"""

import importlib
import json
import pkgutil
import sys
import types
import typing

import attr
import openlineage.client.generated as generated
from openlineage.client.generated import base
from openlineage.client.serde import Serde

OURS = "https://github.com/tributary-data/tributary"
ENDS = ("COMPLETE", "FAIL", "ABORT")


def facet_classes():
    """The facet classes by the address of their schema, version and all."""
    found = {}
    for module in pkgutil.iter_modules(generated.__path__):
        for cls in vars(importlib.import_module(f"{generated.__name__}.{module.name}")).values():
            if isinstance(cls, type) and issubclass(cls, base.BaseFacet):
                found[cls._get_schema()] = cls
    return found


FACETS = facet_classes()


class Wrong(Exception):
    pass


def load(cls, value, at, ours):
    """An instance of an attrs class."""
    if not isinstance(value, dict):
        raise Wrong(f"{at}: an object is needed, this is {value!r}")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in attr.fields(cls)}
    given = {}
    for key, item in value.items():
        if key not in fields:
            if ours:
                raise Wrong(f"{at}: {cls.__name__} has no field {key}")
        elif fields[key].init:
            given[fields[key].alias] = convert(hints[key], item, f"{at}.{key}", ours)
    missing = [f.name for f in fields.values() if f.init and f.default is attr.NOTHING and f.alias not in given]
    if missing:
        raise Wrong(f"{at}: {cls.__name__} needs {', '.join(missing)}")
    try:
        return cls(**given)
    except (ValueError, TypeError) as problem:
        raise Wrong(f"{at}: {problem}") from problem


def convert(hint, value, at, ours):
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        return convert(next(a for a in args if a is not type(None)), value, at, ours)
    if origin is list:
        if not isinstance(value, list):
            raise Wrong(f"{at}: a list is needed, this is {value!r}")
        return [convert(args[0], item, f"{at}[{i}]", ours) for i, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            raise Wrong(f"{at}: an object is needed, this is {value!r}")
        return {key: convert(args[1], item, f"{at}.{key}", ours) for key, item in value.items()}
    if hint is typing.Any:
        return value
    if isinstance(hint, type) and issubclass(hint, base.BaseFacet):
        return facet(hint, value, at, ours)
    if attr.has(hint):
        return load(hint, value, at, ours)
    if hint is base.EventType:
        if value not in [t.value for t in hint]:
            raise Wrong(f"{at}: {value!r} is no type of event")
        return hint(value)
    if type(value) is not hint and not (hint is float and type(value) is int):
        raise Wrong(f"{at}: {hint.__name__} is needed, this is {value!r}")
    return value


def facet(kind, value, at, ours):
    """A facet by the schema that it names; kind is what may stand in its place: a facet of a run, of a job, of an input."""
    if not isinstance(value, dict):
        raise Wrong(f"{at}: an object is needed, this is {value!r}")
    for key in ("_producer", "_schemaURL"):
        if not isinstance(value.get(key), str):
            raise Wrong(f"{at}: a facet needs {key}")
    cls = FACETS.get(value["_schemaURL"])
    if cls is None:
        if ours:
            raise Wrong(f"{at}: openlineage-python knows no schema {value['_schemaURL']}")
        return kind(producer=value["_producer"])
    if not issubclass(cls, kind):
        raise Wrong(f"{at}: {cls.__name__} is no {kind.__name__}")
    return load(cls, value, at, ours)


def without_empty(value):
    if isinstance(value, dict):
        pruned = {k: without_empty(v) for k, v in value.items()}
        return {k: v for k, v in pruned.items() if v not in (None, {}, [])}
    if isinstance(value, list):
        return [without_empty(v) for v in value]
    return value


class Graph:
    """What Tributary's events say together."""

    def __init__(self):
        self.runs, self.jobs, self.schemas, self.uses = {}, {}, {}, []

    def add(self, event, at):
        run, kind = event["run"]["runId"], event["eventType"]
        seen = self.runs.setdefault(run, [])
        if kind == "START" and seen and seen[-1] == "START" or kind in ENDS and seen[-1:] != ["START"]:
            raise Wrong(f"{at}: {event['job']['name']} has {kind} after {seen}")
        seen.append(kind)
        self.jobs[run] = event["job"]["name"]
        inputs = {(d["namespace"], d["name"]) for d in event.get("inputs", [])}
        for dataset in event.get("inputs", []) + event.get("outputs", []):
            key, facets = (dataset["namespace"], dataset["name"]), dataset.get("facets", {})
            if "schema" in facets:
                self.schemas[key] = {f["name"] for f in facets["schema"]["fields"]}
            lineage = facets.get("columnLineage", {})
            fields = [(c, i) for c, of in lineage.get("fields", {}).items() for i in of["inputFields"]]
            for column, source in fields + [(None, i) for i in lineage.get("dataset", [])]:
                origin = (source["namespace"], source["name"])
                if origin not in inputs:
                    raise Wrong(f"{at}: {key[1]}.{column} is made of {origin[1]}, which is no input")
                self.uses.append((at, key, column, origin, source["field"]))

    def check(self, killed):
        open_runs = sorted(self.jobs[run] for run, seen in self.runs.items() if seen[-1] not in ENDS)
        nights = [job for job in open_runs if "." not in job]
        if len(nights) != killed or killed == 0 and open_runs:
            raise Wrong(f"{', '.join(open_runs)} has begun and not ended; {killed} processes were killed")
        for at, key, column, origin, field in self.uses:
            if column is not None and column not in self.schemas[key]:
                raise Wrong(f"{at}: {key[1]} has no column {column}")
            if origin in self.schemas and field not in self.schemas[origin]:
                raise Wrong(f"{at}: {key[1]}.{column} is made of {origin[1]}.{field}, which does not exist")


def main(path, killed="0"):
    graph, events, own, jobs = Graph(), 0, 0, set()
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            at = f"{path}:{number}"
            try:
                event = json.loads(line)
            except ValueError as problem:
                raise Wrong(f"{at}: {problem}") from problem
            ours = event.get("producer") == OURS
            loaded = load(base.RunEvent, event, at, ours)
            events += 1
            if ours:
                if event["schemaURL"] != loaded.schemaURL:
                    raise Wrong(f"{at}: schemaURL is {event['schemaURL']}, not {loaded.schemaURL}")
                again = without_empty(json.loads(Serde.to_json(loaded)))
                if again != without_empty(event):
                    raise Wrong(f"{at}: something got lost between the classes and the line")
                graph.add(event, at)
                own += 1
                jobs.add(event["job"]["name"])
    graph.check(int(killed))
    if own == 0:
        raise Wrong(f"{path} has no event of Tributary")
    print(f"{events} events, {own} of Tributary in {len(jobs)} jobs, {len(graph.uses)} uses of columns")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Wrong as problem:
        sys.exit(str(problem))
