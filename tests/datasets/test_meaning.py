"""What rows mean besides their texts: tools, reasoning, weights, roles, preference. All is used, or said by name."""

import json

import pytest

from datasets.formats.checks import fingerprints, warnings
from datasets.formats.detect import detect
from datasets.formats.problems import Problem
from datasets.formats.rows import Conversation
from tests.datasets import corpus
from tests.datasets.corpus import CONTAINERS, jsonl, turns

USER = {"role": "user", "content": "Is A-17 in stock?"}
SAYS = {"role": "assistant", "content": "Four are left."}
CALL = {"id": "c1", "type": "function", "function": {"name": "stock", "arguments": '{"sku": "A-17"}'}}
CALLS = {"role": "assistant", "content": "Let me look.", "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "4"}
TOOL = {"type": "function", "function": {"name": "stock", "parameters": {"type": "object"}}}
READ_CALL = {"id": "c1", "type": "function", "function": {"name": "stock", "arguments": {"sku": "A-17"}}}


def weights(conversation):
    assert isinstance(conversation, Conversation), conversation
    return [message.weight for message in conversation.messages]


def problem(found):
    (one,) = found
    assert isinstance(one, Problem), one
    return one.kind, one.field


@pytest.mark.parametrize("container", CONTAINERS)
def test_tools_calls_and_results_are_kept_as_they_are(read, container):
    (row,) = read(CONTAINERS[container]([{"tools": [TOOL], "messages": [USER, CALLS, RESULT, SAYS]}]), f"d.{container}")
    user, call, result, answer = row.messages
    assert (call.role, call.content, call.calls, call.weight) == ("assistant", "Let me look.", (READ_CALL,), 1)
    assert (result.role, result.content, result.call_id, result.weight) == ("tool", "4", "c1", 0)
    assert (user.weight, answer.weight) == (0, 1)
    assert (row.tools, row.pairs, row.notes, row.unused) == ((TOOL,), 2, (), ())
    assert row.chat[1]["tool_calls"] == [READ_CALL]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("tools", [json.dumps([TOOL]), json.dumps([TOOL["function"]])])
def test_tools_may_be_json_text_and_bare_functions(read, container, tools):
    for name in ("tools", "functions"):
        (row,) = read(CONTAINERS[container]([{name: tools, "messages": [USER, SAYS]}]), f"d.{container}")
        assert row.tools == (TOOL,)


@pytest.mark.parametrize(
    "messages",
    [
        [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}],
        [USER, {"role": "assistant", "tool_calls": [CALL["function"]]}],
        [USER, {"role": "assistant", "content": None, "function_call": CALL["function"]}],
        [USER, {"role": "tool_call", "content": json.dumps(CALL["function"])}],
        [USER, {"role": "function_call", "content": '{"name": "stock", "parameters": {"sku": "A-17"}}'}],
    ],
)
def test_a_call_is_a_call_in_whatever_words(read, messages):
    (row,) = read(jsonl([{"messages": messages}]))
    assert row.messages[1].calls[0]["function"] == READ_CALL["function"]
    assert (row.messages[1].content, row.pairs) == ("", 1)
    assert [warning.kind for warning in warnings(row)] == []


def test_sharegpts_calls_are_one_turn_with_what_was_said_before(read):
    calls = [{"name": "stock", "arguments": {"sku": sku}} for sku in ("A", "B")]
    said = [("human", "A and B?"), ("gpt", "Let me look."), *(("function_call", json.dumps(call)) for call in calls),
            ("observation", "4, 0"), ("gpt", "4 and 0.")]  # fmt: skip
    (row,) = read(jsonl([{"conversations": [{"from": speaker, "value": value} for speaker, value in said]}]))
    assert turns(row)[1:] == [("assistant", "Let me look."), ("tool", "4, 0"), ("assistant", "4 and 0.")]
    assert [call["function"] for call in row.messages[1].calls] == calls


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ({"name": "stock", "arguments": '{"sku": "A-1'}, "arguments are not valid JSON"),
        ({"name": "stock", "arguments": [1]}, "must be an object"),
        ({"arguments": {}}, "names no function"),
        ({"name": "", "arguments": {}}, "names no function"),
    ],
)
@pytest.mark.parametrize("words", ["openai", "sharegpt", "tool_call"])
def test_a_broken_call_is_the_rows_error_at_its_place(read, words, call, reason):
    rows = {
        "openai": {"messages": [USER, {"role": "assistant", "tool_calls": [{"id": "1", "function": call}]}]},
        "sharegpt": {"conversations": [{"from": "human", "value": "Hi"},
                                       {"from": "function_call", "value": json.dumps(call)}]},
        "tool_call": {"messages": [USER, {"role": "tool_call", "content": json.dumps(call)}]},
    }  # fmt: skip
    (found,) = read(jsonl([rows[words]]))
    assert (found.kind, found.line) == ("wrong_value", 1)
    assert reason in found.reason
    assert found.field.startswith(("messages[1]", "conversations[1]"))


def test_a_call_that_breaks_off_is_the_rows_error_in_sharegpt_too(read):
    row = {"conversations": [{"from": "human", "value": "Hi"}, {"from": "function_call", "value": '{"name": "sto'}]}
    assert problem(read(jsonl([row]))) == ("row_json", "conversations[1].value")


def test_an_answer_is_never_learned_without_its_tools_result(read):
    two = {"role": "assistant", "tool_calls": [CALL, CALL | {"id": "c2"}]}
    for messages, at in (
        ([USER, CALLS, SAYS], 2),
        ([USER, two, RESULT, SAYS], 3),
        ([USER, CALLS, USER, SAYS], 3),
        ([USER, CALLS, CALLS, RESULT, SAYS], 2),
    ):
        assert problem(read(jsonl([{"messages": messages}]))) == ("turn_order", f"messages[{at}]")
    (row,) = read(jsonl([{"messages": [USER, two, RESULT, RESULT | {"tool_call_id": "c2"}, SAYS, USER, CALLS]}]))
    assert weights(row) == [0, 1, 0, 0, 1, 0, 1]


@pytest.mark.parametrize("messages", [[RESULT, USER, SAYS], [USER, RESULT, SAYS]])
def test_a_result_that_follows_no_call_is_out_of_order(read, messages):
    assert problem(read(jsonl([{"messages": messages}])))[0] == "turn_order"


def test_left_out_calls_take_what_depends_on_them_along(read):
    thanks, welcome = USER | {"content": "Thanks"}, SAYS | {"content": "You are welcome."}
    rows = [
        {"tools": [TOOL], "messages": [USER, CALLS, RESULT, SAYS]},
        {"messages": [USER, CALLS, RESULT, SAYS, thanks, welcome]},
        {"messages": [USER, SAYS, thanks, CALLS, RESULT, SAYS]},
        {"messages": [USER, {"role": "assistant", "content": "<tool_call>{}</tool_call>"}, RESULT, SAYS]},
        {"messages": [USER, SAYS]},
    ]
    alone, joined, before, text, plain = read(jsonl(rows), tool_calls="ignore")
    assert turns(alone) == turns(text) == [("user", USER["content"])]
    assert (alone.tools, alone.unused, alone.pairs) == ((), ("tools",), 0)
    assert turns(joined) == [("user", "Is A-17 in stock?\n\nThanks"), ("assistant", "You are welcome.")]
    assert turns(before) == [("user", USER["content"]), ("assistant", SAYS["content"]), ("user", "Thanks")]
    for row in (alone, joined, before, text):
        assert [kind for kind, _ in row.notes] == ["depends_on_tool"]
    assert plain.notes == ()


def test_rows_with_other_calls_do_not_repeat_each_other(read):
    rows = [
        {"messages": [USER, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"x": x}}}]}]}
        for x in (1, 2)
    ]
    first, second = read(jsonl(rows))
    assert fingerprints(first)[0] != fingerprints(second)[0]
    assert fingerprints(first)[1] != fingerprints(second)[1]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_goes_to_the_template(read, container, key):
    (row,) = read(CONTAINERS[container]([{"messages": [USER, SAYS | {key: "Two and two."}]}]), f"d.{container}")
    assert row.messages[1].reasoning == "Two and two."
    assert row.chat[1] == SAYS | {"reasoning_content": "Two and two.", "thinking": "Two and two."}
    assert row.unused == ()


def test_parts_of_thinking_are_reasoning(read):
    parts = [{"type": "thinking", "thinking": "Two and two."}, {"type": "text", "text": "Four."}]
    (row,) = read(jsonl([{"messages": [USER, SAYS | {"content": parts}]}]))
    assert (row.messages[1].reasoning, row.messages[1].content) == ("Two and two.", "Four.")
    (found,) = read(jsonl([{"messages": [USER, SAYS | {"thinking": 5}]}]))
    assert (found.kind, found.field) == ("wrong_value", "messages[1].thinking")


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("words", [("role", "content", "user", "assistant"), ("from", "value", "human", "gpt")])
@pytest.mark.parametrize(
    ("flag", "weight"),
    [
        ({"weight": 0}, 0), ({"weight": 0.0}, 0), ({"weight": False}, 0), ({"weight": True}, 1), ({"weight": 0.5}, 0.5),
        ({"train": False}, 0), ({"train": True}, 1), ({"trainable": False}, 0), ({"loss": False}, 0), ({"loss": 0}, 0),
        ({"loss": 0.25}, 0.25), ({"weight": 0.5, "train": True}, 0.5), ({"weight": 1, "train": False}, 0),
        ({"weight": None}, 1),
    ],
)  # fmt: skip
def test_weights_are_obeyed(read, container, words, flag, weight):
    speaker, text, human, model = words
    messages = [{speaker: human, text: "q"}, {speaker: model, text: "a"} | flag, {speaker: human, text: "q"},
                {speaker: model, text: "a"}]  # fmt: skip
    column = "messages" if speaker == "role" else "conversations"
    (row,) = read(CONTAINERS[container]([{column: messages}]), f"d.{container}")
    assert weights(row) == [0, weight, 0, 1]
    assert row.pairs == 1 + bool(weight)
    assert (row.notes, row.unused) == ((), ())


@pytest.mark.parametrize("value", [2, -0.1, "1", [1], float("nan")])
@pytest.mark.parametrize("key", ["weight", "train", "trainable", "loss"])
def test_what_is_no_weight_is_the_rows_error(read, key, value):
    assert problem(read(jsonl([{"messages": [USER, SAYS | {key: value}]}]))) == ("wrong_value", f"messages[1].{key}")


def test_a_weight_of_what_is_not_learned_is_warned_of(read):
    (row,) = read(jsonl([{"messages": [USER | {"train": True}, SAYS]}]))
    assert weights(row) == [0, 1]
    assert row.notes == (("values_ignored", "messages[0].train is true, but only the assistant's turns are learned."),)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("developer", "system"), ("human", "user"), ("model", "assistant"), ("gpt", "assistant"), ("ipython", "tool"),
        ("function", "tool"), ("tool_response", "tool"), ("observation", "tool"), ("environment", "tool"),
        ("User", "user"), ("ASSISTANT", "assistant"),
    ],
)  # fmt: skip
def test_roles_go_by_many_names(read, container, name, role):
    message = {"role": name, "content": "x"}
    before = {"system": [], "user": [], "assistant": [USER], "tool": [USER, SAYS]}[role]
    after = [] if role == "assistant" else [SAYS] if role in ("user", "tool") else [USER, SAYS]
    (row,) = read(CONTAINERS[container]([{"messages": [*before, message, *after]}]), f"d.{container}")
    assert (row.messages[len(before)].role, row.messages[len(before)].content) == (role, "x")


@pytest.mark.parametrize("container", CONTAINERS)
def test_other_role_names_are_mapped(read, container):
    messages = [{"role": "customer", "content": "Hi"}, {"role": "bot", "content": "Hello"}]
    data = CONTAINERS[container]([{"messages": messages}])
    assert problem(read(data, f"d.{container}")) == ("unknown_role", "messages[0].role")
    (row,) = read(data, f"d.{container}", mapping={"role:customer": "user", "role:bot": "assistant"})
    assert turns(row) == [("user", "Hi"), ("assistant", "Hello")]
    assert weights(row) == [0, 1]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("prompt", "completion"),
    [
        ([USER], [SAYS]),
        ([USER], SAYS["content"]),
        (USER["content"], [SAYS]),
        ([{"from": "human", "value": USER["content"]}], [{"from": "gpt", "value": SAYS["content"]}]),
    ],
)
def test_prompt_and_completion_may_be_lists_of_messages(read, container, prompt, completion):
    data = CONTAINERS[container]([{"prompt": prompt, "completion": completion}])
    (row,) = read(data, f"d.{container}")
    assert turns(row) == [("user", USER["content"]), ("assistant", SAYS["content"])]
    assert weights(row) == [0, 1]


def test_what_the_assistant_says_in_a_prompt_is_context(read):
    system = {"role": "system", "content": "Be brief."}
    row = {"prompt": [system, USER, SAYS, USER], "completion": [CALLS, RESULT, SAYS], "tools": [TOOL]}
    (found,) = read(jsonl([row]))
    assert weights(found) == [0, 0, 0, 0, 1, 0, 1]
    assert found.tools == (TOOL,)


def test_a_prompt_that_only_looks_like_a_list_is_text(read):
    for text in ("[INST] Hi [/INST]", '[{"a": 1}]', "[{broken", "[1, 2]"):
        (row,) = read(jsonl([{"prompt": text, "completion": "b"}]))
        assert turns(row)[0] == ("user", text)


PREFERENCES = {
    "texts": {"prompt": "Hi", "chosen": "Hello", "rejected": "What?"},
    "lists": {
        "prompt": [{"role": "user", "content": "Hi"}],
        "chosen": [{"role": "assistant", "content": "Hello"}],
        "rejected": [{"role": "assistant", "content": "What?"}],
    },
    "implicit": {
        "chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
        "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "What?"}],
    },
    "sharegpt": {
        "conversations": [{"from": "human", "value": "Hi"}],
        "chosen": {"from": "gpt", "value": "Hello"},
        "rejected": {"from": "gpt", "value": "What?"},
    },
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", PREFERENCES)
def test_preference_data_are_told_and_trained_on_only_if_chosen(tmp_path, container, name):
    path = tmp_path / f"d.{container}"
    path.write_bytes(CONTAINERS[container]([PREFERENCES[name]]))
    detected = detect(path, path.name, limit=corpus.LIMIT, scratch=tmp_path)
    assert not detected.is_recognized
    assert detected.refusal.problem.kind == "preference"
    assert "trained on chosen" in detected.refusal.problem.reason
    (row,) = corpus.read(path, shape="preference")
    assert turns(row) == [("user", "Hi"), ("assistant", "Hello")]
    assert weights(row) == [0, 1]


def test_of_preference_data_only_what_differs_is_learned(read):
    shared = [USER, SAYS, USER]
    row = {"chosen": [*shared, SAYS | {"content": "good"}], "rejected": [*shared, SAYS | {"content": "bad"}]}
    (found,) = read(jsonl([row]), shape="preference")
    assert weights(found) == [0, 0, 0, 1]
    assert problem(read(jsonl([{"chosen": "a", "rejected": "b"}]), shape="preference")) == ("missing_field", "prompt")


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("key", ["data", "train", "rows"])
@pytest.mark.parametrize("shape", corpus.SHAPES)
def test_rows_may_be_wrapped_in_one_object(read, shape, key, indent):
    data = json.dumps({key: corpus.SHAPES[shape]}, indent=indent).encode()
    for name in ("d.json", "d.jsonl", "d"):
        assert [type(row) for row in read(data, name)] == [Conversation, Conversation]


def test_what_is_not_wrapped_is_not_taken_for_it(read):
    one = {"messages": [USER, SAYS]}
    assert turns(read(json.dumps(one).encode())[0])[0] == ("user", USER["content"])
    assert len(read(jsonl([{"chat": [USER, SAYS]}] * 2), shape="openai_chat", mapping={"messages": "chat"})) == 2
    assert len(read(jsonl([{"chat": [USER, SAYS]}]), shape="openai_chat", mapping={"messages": "chat"})) == 1
    assert len(read(jsonl([{"text": "a", "data": [{"x": 1}]}]))) == 1
    *_, fatal = read(json.dumps({"data": [one], "version": 1}).encode(), "d.json")
    assert fatal.kind == "broken_json"
    assert "nothing beside their list" in fatal.reason


def test_a_conversation_that_the_assistant_opens_is_not_lost(read):
    greeting = SAYS | {"content": "Welcome!"}
    (row,) = read(jsonl([{"messages": [greeting, USER, SAYS]}]))
    assert weights(row) == [0, 0, 1]
    assert [kind for kind, _ in row.notes] == ["assistant_first"]
    assert problem(read(jsonl([{"messages": [greeting]}]))) == ("turn_order", "messages[0]")


@pytest.mark.parametrize("container", CONTAINERS)
def test_consecutive_turns_of_one_speaker_are_joined_if_so_chosen(read, container):
    messages = [USER, USER | {"content": "Well?"}, SAYS, SAYS | {"content": "Really."}]
    data = CONTAINERS[container]([{"messages": messages}])
    (found,) = read(data, f"d.{container}")
    assert (found.kind, found.field) == ("turn_order", "messages[1]")
    assert "choose to join consecutive turns" in found.reason
    (row,) = read(data, f"d.{container}", merge_turns=True)
    assert turns(row) == [("user", "Is A-17 in stock?\n\nWell?"), ("assistant", "Four are left.\n\nReally.")]
    assert weights(row) == [0, 1]


def test_turns_of_different_weights_are_not_joined(read):
    data = jsonl([{"messages": [USER, SAYS, SAYS | {"weight": 0}]}])
    (found,) = read(data, merge_turns=True)
    assert (found.kind, found.field) == ("turn_order", "messages[2]")
    assert "different weights" in found.reason


@pytest.mark.parametrize("container", CONTAINERS)
def test_keys_that_nothing_is_made_of_are_named(read, container):
    row = {"id": "7", "messages": [USER | {"name": "Ada"}, SAYS | {"stamp": "x"}], "source": "web"}
    (found,) = read(CONTAINERS[container]([row]), f"d.{container}")
    assert found.unused == ("id", "source", "messages[].name", "messages[].stamp")
    (text,) = read(CONTAINERS[container]([{"text": "Once", "url": "u"}]), f"d.{container}")
    assert text.unused == ("url",)
