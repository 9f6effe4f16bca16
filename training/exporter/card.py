"""The model card of a merged model. Pure."""

from pathlib import Path

from training.trainer.plain import code, in_yaml, plain
from training.trainer.protocol import JobSpec

CARD = """\
---
base_model: {base_model}
base_model_relation: finetune
library_name: transformers
license: {license}
pipeline_tag: text-generation
tags:
- lora
---

# {title}

{model} with a LoRA adapter merged into its weights (in fp32, stored in 16 bits), trained on the data set “{title}”.
"""
FIRST_SECTION = "## Data"
"""Of the adapter's card, the first that holds for the merged model too."""


def merged_card(run: JobSpec, adapter: Path) -> str:
    """Markdown with the front matter that model hubs read; the rest is of the adapter's card.

    Args:
        run: that made the adapter.
        adapter: its folder.
    """
    revision = f" at revision {code(run.model_revision)}" if run.model_revision else ""
    card = CARD.format(
        base_model=in_yaml(run.model_name),
        license=in_yaml(run.model_license),
        title=plain(run.dataset_name),
        model=f"{code(run.model_name)}{revision}",
    )
    readme = adapter / "README.md"
    _, found, sections = readme.read_text().partition(FIRST_SECTION) if readme.exists() else ("", "", "")
    return f"{card}\n{found}{sections}" if found else card
