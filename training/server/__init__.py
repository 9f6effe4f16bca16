"""The inference program: a base model and its LoRA adapters, asked through OpenAI's API as vLLM serves it.

Started as ``python program.py server``. It loads base models by the trainer's rule. Nothing else imports it: whoever
wants an answer speaks HTTP.
"""
