"""``python oracle.py FOLDER``: what Transformers makes of the chats in FOLDER/asked.json, into FOLDER/answered.json.

Started from outside the project root, like everything that imports transformers.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils


class Then(datetime):
    """The day that the templates are told."""

    day = datetime(1970, 1, 1)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.day


def answer(tokenizer: PreTrainedTokenizerFast, source: str, asked: dict[str, Any]) -> dict[str, Any]:
    """``ids`` and, where the template marks what the assistant writes, ``mask``; or ``error``."""
    is_marked = "endgeneration" in source
    try:
        made = tokenizer.apply_chat_template(
            asked["messages"],
            tools=asked["tools"] or None,
            chat_template=source,
            add_generation_prompt=asked["is_open"],
            return_assistant_tokens_mask=is_marked,
            return_dict=True,
            **asked["special"],
        )
        return {"ids": made["input_ids"]} | ({"mask": made["assistant_masks"]} if is_marked else {})
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is asked for
        return {"error": f"{type(error).__name__}: {error}"}


def main(folder: Path) -> None:
    asked = json.loads((folder / "asked.json").read_text())
    Then.day = datetime.fromisoformat(asked["day"])
    chat_template_utils.datetime = Then
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    answered = [
        {name: answer(tokenizer, source, one) for name, source in one["sources"].items()} for one in asked["chats"]
    ]
    (folder / "answered.json").write_text(json.dumps(answered))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
