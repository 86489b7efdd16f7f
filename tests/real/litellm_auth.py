"""Key check of the LiteLLM proxy under test: looks a presented key up in a file, as a gateway would in its directory.

LiteLLM's own virtual keys need a Postgres server; its `custom_auth` hook does not, and what it returns reaches the log
by the same way (the key is hashed by LiteLLM). Loaded by the proxy from the folder of its configuration, never by
pytest. Source: LiteLLM's documentation of `general_settings.custom_auth`.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request  # type: ignore[import-not-found]
from litellm.proxy._types import ProxyException, UserAPIKeyAuth  # type: ignore[import-not-found]


@cache
def directory() -> dict[str, dict[str, Any]]:
    """Key → what the gateway knows of it, from the file that `HYDROMETER_TEST_KEYS` names."""
    return dict(json.loads(Path(os.environ["HYDROMETER_TEST_KEYS"]).read_text(encoding="utf-8")))


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    """Who a key belongs to.

    Raises:
        ProxyException: 401, the key is unknown.
    """
    known = directory().get(api_key)
    if known is None:
        raise ProxyException(message="unknown key", type="auth_error", param="api_key", code=401)
    return UserAPIKeyAuth(api_key=api_key, **known)
