"""What Lambda does with a package: `python -IS cold_start.py FOLDER` with the events in JSON on standard input.

Its last line is JSON, too: what the handlers answer, where modules came from, and which of the folder were compiled.
"""

import json
import sys
import types
from importlib import import_module
from importlib.machinery import SourceFileLoader
from typing import Any

folder, asked = sys.argv[1], json.load(sys.stdin)
compiled: list[str] = []
_compile = SourceFileLoader.source_to_code


def _noted(loader: SourceFileLoader, data: Any, path: Any, **more: Any) -> types.CodeType:
    compiled.append(str(path))
    return _compile(loader, data, path, **more)


def _endpoint(service: str, region: str) -> str:
    session, config = import_module("botocore.session").get_session(), import_module("botocore.config")
    own = config.Config(ignore_configured_endpoint_urls=True)
    return str(session.create_client(service, region_name=region, config=own).meta.endpoint_url)


SourceFileLoader.source_to_code = _noted  # type: ignore[method-assign, assignment]
sys.path.insert(0, folder)
app = import_module("app")
context = types.SimpleNamespace(aws_request_id="1")
report = {
    "answers": [app.app(event, context) for event in asked["requests"]],
    "swept": app.sweep_due(asked["schedule"], context),
    "endpoints": [_endpoint(service, region) for service, region in asked["endpoints"]],
    "files": [module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)],
    "compiled": [path for path in compiled if path.startswith(folder)],
}
print(json.dumps(report))
