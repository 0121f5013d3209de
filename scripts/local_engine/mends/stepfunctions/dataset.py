"""What a distributed Map reads and writes: ItemReader, ItemBatcher, ResultWriter."""

import json
from collections.abc import Iterable
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import s3
from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions.branches import items, number
from scripts.local_engine.mends.stepfunctions.role import Need, demand
from scripts.local_engine.mends.stepfunctions.scope import Context, Execution, State, failure
from scripts.local_engine.patching import wrap

_READ = "States.ItemReaderFailed"
_WRITE = "States.ResultWriterFailed"
_EXPORTED = ("SUCCEEDED", "FAILED")


def read(state_def: State, raw_input: Any, ctx: Context) -> list[Any]:
    """Return the items a distributed Map goes over.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    Engine: knew JSONPath's Parameters only; JSONata's Arguments and expressions reached S3 unevaluated.
    """
    reader = state_def.get("ItemReader")
    if not reader:
        return items(state_def, raw_input, ctx)
    config = dict(reader.get("ReaderConfig") or {})
    arguments = _arguments(state_def, reader, raw_input, ctx)
    _demand_reading(arguments)
    if maximum := number(config, "MaxItems", raw_input, ctx):
        config["MaxItems"] = int(maximum)
    config.pop("MaxItemsPath", None)
    plain = {"Resource": reader["Resource"], "Parameters": arguments, "ReaderConfig": config}
    try:
        found = engine._read_map_items(plain, {}, {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise failure(_READ, f"The dataset cannot be read as {config.get('InputType', 'JSON')}: {error}") from error
    if not isinstance(found, list):
        raise failure(_READ, "Attempting to map over non-iterable node.")
    return found


def _arguments(state_def: State, holder: dict[str, Any], raw_input: Any, ctx: Context) -> dict[str, Any]:
    if engine._state_query_language(state_def, ctx) == "JSONata":
        evaluated = engine._apply_jsonata_template(holder.get("Arguments") or {}, raw_input, ctx)
    else:
        evaluated = engine._resolve_params_obj(holder.get("Parameters") or {}, raw_input, ctx)
    return dict(evaluated)


def _demand_reading(arguments: dict[str, Any]) -> None:
    """AWS: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html. Engine: read as root."""
    bucket = f"arn:aws:s3:::{arguments.get('Bucket', '')}"
    if "Key" not in arguments:
        demand(Need("s3:ListBucket", bucket, _READ))
        return
    action = "s3:GetObjectVersion" if arguments.get("VersionId") else "s3:GetObject"
    demand(Need(action, f"{bucket}/{arguments['Key']}", _READ))


def object_text(original: Any, bucket: str, key: str) -> Any:
    """Read a dataset object, decompressed when its name says so.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html (`.gz` and `.zst` exports).
    Engine: gave compressed bytes to the parser, and a decoding error to nobody.
    """
    try:
        return original(bucket, key)
    except UnicodeDecodeError as error:
        raise failure(_READ, f"The object s3://{bucket}/{key} is not UTF-8 text") from error


def batches(state_def: State, found: list[Any], raw_input: Any, ctx: Context) -> list[Any]:
    """Return the items as they are, or grouped as ItemBatcher says.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html - children get
    `{"BatchInput": …, "Items": […]}`. Engine: ignored the field.
    """
    batcher = state_def.get("ItemBatcher")
    if not batcher:
        return found
    count = int(number(batcher, "MaxItemsPerBatch", raw_input, ctx)) or len(found)
    size = number(batcher, "MaxInputBytesPerBatch", raw_input, ctx) or engine.math.inf
    template = batcher.get("BatchInput")
    if engine._state_query_language(state_def, ctx) == "JSONata":
        extra = engine._apply_jsonata_template(template, raw_input, ctx)
    else:
        extra = template and engine._resolve_params_obj(template, raw_input, ctx)
    head = {"BatchInput": extra} if template else {}
    return [{**head, "Items": batch} for batch in _grouped(found, count, size, len(json.dumps(head)))]


def _grouped(found: list[Any], count: int, size: float, head: int) -> Iterable[list[Any]]:
    batch: list[Any] = []
    used = head
    for item in found:
        weight = len(json.dumps(item)) + 2
        if batch and (len(batch) == count or used + weight > size):
            yield batch
            batch, used = [], head
        batch.append(item)
        used += weight
    if batch:
        yield batch


def write(
    state_def: State, run: dict[str, Any], children: list[Execution], raw_input: Any, ctx: Context
) -> dict[str, Any] | None:
    """Export the children's results as ResultWriter says and return the Map's result; None without a ResultWriter.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    Engine: ignored the field and passed every result on.
    """
    writer = state_def.get("ResultWriter")
    if not writer or "Resource" not in writer:
        return None
    arguments = _arguments(state_def, writer, raw_input, ctx)
    bucket, prefix = arguments["Bucket"], arguments.get("Prefix", "").strip("/")
    folder = "/".join(part for part in (prefix, run["mapRunArn"].rsplit(":", 1)[1]) if part)
    files: dict[str, list[dict[str, Any]]] = {status: [] for status in _EXPORTED}
    for status in _EXPORTED:
        chosen = [_exported(child) for child in children if child["status"] == status]
        if chosen:
            key = f"{folder}/{status}_0.json"
            files[status] = [{"Key": key, "Size": _put(bucket, key, chosen)}]
    manifest = {"DestinationBucket": bucket, "MapRunArn": run["mapRunArn"], "ResultFiles": {"PENDING": [], **files}}
    _put(bucket, f"{folder}/manifest.json", manifest)
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    return {"MapRunArn": run["mapRunArn"], "ResultWriterDetails": details}


def _exported(child: Execution) -> dict[str, Any]:
    names = {"executionArn": "ExecutionArn", "input": "Input", "name": "Name", "output": "Output", "error": "Error"}
    names |= {"cause": "Cause", "startDate": "StartDate", "status": "Status", "stopDate": "StopDate"}
    described = {shown: child[name] for name, shown in names.items() if child.get(name) is not None}
    return {**described, "StateMachineArn": child["stateMachineArn"]}


def _put(bucket: str, key: str, content: Any) -> int:
    demand(Need("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", _WRITE))
    body = json.dumps(content).encode()
    status, *_ = s3._put_object(bucket, key, body, {"content-type": "application/json"})
    if status >= 300:  # noqa: PLR2004 - HTTP
        raise failure(_WRITE, f"Cannot write s3://{bucket}/{key} in account {get_account_id()}")
    return len(body)


def apply() -> None:
    """Mend the reading of dataset objects; `distributed` calls the rest."""
    wrap(engine, "_s3_object_text")(object_text)
