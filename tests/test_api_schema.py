"""The OpenAPI schema against the service: generated requests, good and bad, get what the schema promises and never a 5xx.

Also by hand: every error that api/errors.py documents can be met.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from fake_service import TODAY, FakeService, make_document
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from api.app import create_app
from api.changes import jobs
from api.changes.dispatch import Dispatcher
from api.records.database import Records

EXAMPLES = 30
POLICY = make_document("措施\n第一条 对国家级企业给予100万元奖励。\n第二条 其他。\n")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with pytest.MonkeyPatch.context() as patch:
        # the process behind an upload is tested in test_api_uploads.py; here it would be started hundreds of times
        patch.setattr(Dispatcher, "kick", lambda self, settle=False: None)
        # so that none of them ends; that only so many wait is tested there, too
        patch.setattr(jobs, "MOST_WAITING", len(GenerationMode) * EXAMPLES * 10)
        records = Records(tmp_path_factory.mktemp("records"))
        service = FakeService([POLICY], {"国家级": ("100万元", "给予100万元奖励")})
        yield create_app(service, clock=lambda: TODAY, records=records)


@pytest.fixture(scope="module")
def schema(app: FastAPI) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_asgi("/openapi.json", app)


OPERATIONS = [
    (path, method.upper(), mode)
    for path, methods in create_app(FakeService([POLICY])).openapi()["paths"].items()
    for method, operation in methods.items()
    for mode in GenerationMode
    if mode.is_positive or operation.get("parameters") or operation.get("requestBody")
]
UPLOADS = {"/v1/documents", "/v1/faq/import", "/v1/evaluation-sets"}
SAID_IN_WORDS = {"question_empty", "invalid_request", "content_unsupported"}
"""Errors of rules that a JSON schema cannot state: a question of blanks, a last message without text, half a surrogate pair, a quote word for word."""


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_the_service_keeps_to_its_schema(
    schema: schemathesis.BaseSchema, path: str, method: str, mode: GenerationMode
) -> None:
    operation = schema[path][method]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        response = case.call()
        excluded = [positive_data_acceptance]
        if response.status_code == 413 or path in UPLOADS:  # too long is said so; any bytes are a file
            excluded.append(negative_data_rejection)
        case.validate_response(response, excluded_checks=excluded)
        if mode.is_positive and response.status_code == 422:
            assert response.json()["error"]["code"] in SAID_IN_WORDS

    try:
        check()
    except Unsatisfiable:
        assert mode.is_negative, "there is a good request for every route"
        pytest.skip("any text is a good parameter here")
