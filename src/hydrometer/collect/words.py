"""The vocabulary of mapping packs: SQL macros that read chat messages, parts, tools and times in their many shapes.

A pack says `newest_user_text(parsed_messages(text))` and need not care whether the content of a message is a string, a
list of parts (OpenAI, Anthropic), `parts` (OpenTelemetry) or nested under `message` (OpenInference). Text that is no
JSON gives null, never an error. Source: the public request formats of those four.
"""

from __future__ import annotations

import duckdb

_EACH = "'[\"JSON\"]'"
_PLACES = (
    """'$', '$.role', '$.message.role', '$.type', '$.content', '$.parts', '$.message.content', '$.message.contents'"""
)

WORDS: dict[str, str] = {
    # a JSON array as a list; null for everything else
    "elements(_text)": f"case when json_valid(_text) and json_type(_text) = 'ARRAY' then from_json(_text, {_EACH}) end",
    # messages: an array, or a bare string (a completion's prompt), or one object
    "messages_of(_text)": f"""case
        when _text is null then null
        when not json_valid(_text) then [json_object('role', 'user', 'content', _text)]
        when json_type(_text) = 'ARRAY' then from_json(_text, {_EACH})
        when json_type(_text) = 'OBJECT' and _text = '{{}}' then null
        when json_type(_text) = 'OBJECT' then [_text::json]
        else [json_object('role', 'user', 'content', _text)] end""",
    "part_text(_p)": """case
        when json_type(_p) = 'VARCHAR' then _p->>'$'
        when coalesce(_p->>'$.type', _p->>'$.message_content.type', 'text') in ('text', 'input_text', 'output_text')
        then coalesce(_p->>'$.text', _p->>'$.content', _p->>'$.message_content.text') end""",
    "content_text(_c)": """case json_type(_c)
        when 'VARCHAR' then _c->>'$'
        when 'ARRAY' then nullif(array_to_string(list_filter(list_transform(elements(_c), lambda _p: part_text(_p)),
                                                  lambda _t: _t is not null), chr(10)), '') end""",
    "content_results(_c)": """case when json_type(_c) = 'ARRAY' then len(list_filter(elements(_c),
        lambda _p: _p->>'$.type' in ('tool_result', 'tool_call_response', 'function_call_output'))) else 0 end""",
    "modality(_kind)": """case when _kind in ('image', 'image_url', 'input_image') then 'image'
        when _kind in ('audio', 'input_audio') then 'audio'
        when _kind in ('video', 'video_url', 'input_video') then 'video'
        when _kind in ('text', 'input_text') then 'text' end""",
    "content_modalities(_c)": """case when json_type(_c) = 'ARRAY' then list_transform(elements(_c),
            lambda _p: modality(coalesce(_p->>'$.type', _p->>'$.message_content.type', 'text')))
        when json_type(_c) = 'VARCHAR' then ['text'] else []::varchar[] end""",
    # each message taken apart once: role, text, number of tool results, modalities
    "message_places(_text)": f"list_transform(messages_of(_text), lambda _m: json_extract(_m, [{_PLACES}]))",
    "message_pieces(_text)": """list_transform(message_places(_text), lambda _f: {
        'role': case when _f[4]->>'$' = 'function_call_output' then 'tool' when json_type(_f[1]) = 'VARCHAR' then 'user'
                     else coalesce(_f[2]->>'$', _f[3]->>'$') end,
        'content': coalesce(case when json_type(_f[1]) = 'VARCHAR' then _f[1] end,
                            nullif(_f[5], 'null'::json), nullif(_f[6], 'null'::json), _f[7], _f[8])})""",
    "parsed_messages(_text)": """list_transform(message_pieces(_text), lambda _m: {
        'role': _m.role, 'text': content_text(_m.content), 'results': content_results(_m.content),
        'modalities': content_modalities(_m.content)})""",
    # what packs say of messages that were read
    "user_messages(_read)": """list_filter(_read,
        lambda _m: _m.role = 'user' and (_m.results = 0 or _m.text is not null))""",
    "newest_user_text(_read)": "user_messages(_read)[-1].text",
    "user_turns(_read)": "nullif(len(user_messages(_read)), 0)",
    "joined_text(_read)": """nullif(array_to_string(list_filter(list_transform(_read, lambda _m: _m.text),
        lambda _t: _t is not null), chr(10)), '')""",
    "system_text(_read)": "joined_text(list_filter(_read, lambda _m: _m.role in ('system', 'developer')))",
    "tool_result_count(_read)": """list_sum(list_transform(_read, lambda _m: case
        when _m.results > 0 then _m.results when _m.role in ('tool', 'function') then 1 else 0 end))::bigint""",
    "modalities(_read)": """nullif(list_sort(list_distinct(list_filter(flatten(list_transform(_read,
        lambda _m: _m.modalities)), lambda _k: _k is not null))), [])""",
    "answer_text(_text)": "joined_text(parsed_messages(_text))",
    # the answer in a response body: chat choices, a completion's text, Anthropic content, Responses output
    "response_text(_text)": """case
        when _text is null or _text = '{}' then null
        when not json_valid(_text) then _text
        when json_type(_text) = 'VARCHAR' then _text::json->>'$'
        else coalesce(
            content_text(json_extract(_text::json, '$.choices[0].message.content')), _text::json->>'$.choices[0].text',
            content_text(json_extract(_text::json, '$.content')),
            answer_text(json_extract(_text::json, '$.output'))) end""",
    "tool_names(_text)": """list_filter(list_transform(elements(_text), lambda _t: coalesce(
        _t->>'$.function.name', _t->>'$.name', _t->>'$.tool.name',
        (_t->>'$.tool.json_schema')::json->>'$.function.name',
        (_t->>'$.tool.json_schema')::json->>'$.name', _t->>'$.type')), lambda _n: _n is not null)""",
    "first_address(_text)": "nullif(trim(string_split(_text, ',')[1]), '')",
    "blank_to_null(_text)": "nullif(_text, '')",
    # a header's value; null where the field holds the list of its values and the first of them is missing
    "header_text(_text)": "case when json_valid(_text) and json_type(_text) = 'ARRAY' then null else _text end",
    # names of headers in the order sent: clients of one make send the same ones
    "header_names_hash(_text)": """case when json_valid(_text) and json_type(_text) = 'OBJECT'
        then left(sha256(lower(array_to_string(json_keys(_text), ','))), 16) end""",
    "from_unix_nano(_text)": "make_timestamptz(try_cast(_text as hugeint)::bigint // 1000)",
    # seconds since 1970 as a number; every other text is handed on, to be read as a written time
    "written_or_unix_seconds(_text)": """case when try_cast(_text as double) is not null
        then strftime(make_timestamptz(round(try_cast(_text as double) * 1000000)::bigint), '%Y-%m-%dT%H:%M:%S.%fZ')
        else _text end""",
    "nested(_text, _path)": """case when json_valid(_text) and json_type(_text) in ('OBJECT', 'ARRAY')
        then _text::json->>_path end""",
    "instruction_text(_text)": """case when json_valid(_text) and json_type(_text) = 'ARRAY'
        then content_text(_text::json) else _text end""",
    # content in the events of a span, or in log records (a list of structs with `name` and `body`)
    "event_attribute(_events, _path)": """list_filter(list_transform(elements(_events),
        lambda _e: (json_extract(_e, '$.attributes'))->>_path), lambda _t: _t is not null)[-1]""",
    "is_turn_event(_name)": "regexp_full_match(coalesce(_name, ''), 'gen_ai[.](system|user|assistant|tool)[.]message')",
    "turn_of(_name, _body)": """json_object('role', string_split(_name, '.')[2], 'content', coalesce(
        nullif(json_extract(_body, '$.content'), 'null'::json), json_extract(_body, '$."gen_ai.event.content"')))""",
    "event_messages(_events)": """nullif(to_json(list_transform(
        list_filter(elements(_events), lambda _e: is_turn_event(_e->>'$.name')),
        lambda _e: turn_of(_e->>'$.name', json_extract(_e, '$.attributes'))))::varchar, '[]')""",
    "event_choices(_events)": """nullif(to_json(list_transform(
        list_filter(elements(_events), lambda _e: _e->>'$.name' = 'gen_ai.choice'),
        lambda _e: json_extract(_e, '$.attributes')))::varchar, '[]')""",
    "note_turn_messages(_notes)": """nullif(to_json(list_transform(
        list_filter(_notes, lambda _n: is_turn_event(_n.name) and json_valid(_n.body)),
        lambda _n: turn_of(_n.name, _n.body::json)))::varchar, '[]')""",
    "note_choice_messages(_notes)": """nullif(to_json(list_transform(
        list_filter(_notes, lambda _n: _n.name = 'gen_ai.choice' and json_valid(_n.body)),
        lambda _n: _n.body::json))::varchar, '[]')""",
}
"""Macro signature → body, in an order in which each uses only those before it."""


def teach(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the words on a connection, for as long as it lives."""
    for signature, body in WORDS.items():
        connection.execute(f"create or replace temp macro {signature} as ({body})")
