"""What a data set's file may be, and what is said of it. Pure: no Django, no network, bounded memory.

From the bytes inwards, one idea a module: ``compression`` (gzip, zstd), ``containers`` (JSON Lines, JSON array, CSV,
Parquet), ``shapes`` (chat, ShareGPT, Alpaca, prompt and completion, text), ``checks`` (warnings). ``detect`` looks at
a file's beginning and says which of them it is; ``problems`` holds what can be wrong and ``rows`` what comes out.
"""
