"""A one-layer model that vLLM serves with `--load-format dummy`: configuration and tokenizer, no weights, no network."""

import json

END = "<eos>"


def byte_characters():
    """The printable character that stands for each byte in a byte-level vocabulary (GPT-2's table): bytes that are
    printable stand for themselves, the others for characters from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    table = {byte: chr(byte) for byte in plain}
    table.update({byte: chr(0x100 + place) for place, byte in enumerate(others)})
    return [table[byte] for byte in range(256)]


def tokenizer():
    """A byte-level tokenizer without merges, in the format of the tokenizers library."""
    vocabulary = {character: number for number, character in enumerate(sorted(byte_characters()))}
    vocabulary[END] = len(vocabulary)
    special = {"id": vocabulary[END], "content": END, "single_word": False, "lstrip": False, "rstrip": False,
               "normalized": False, "special": True}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [special], "normalizer": None,
        "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocabulary, "merges": []},
    }


def configuration(kind):
    """The configuration of a dense model or of a mixture of experts (`moe`)."""
    common = dict(
        vocab_size=320, hidden_size=128, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=4, head_dim=32,
        intermediate_size=128, max_position_embeddings=256, rms_norm_eps=1e-6, rope_theta=10000.0,
        tie_word_embeddings=True, hidden_act="silu", eos_token_id=256, bos_token_id=256, torch_dtype="bfloat16",
        initializer_range=0.02, use_cache=True, attention_bias=False)
    if kind == "dense":
        return dict(common, architectures=["Qwen3ForCausalLM"], model_type="qwen3")
    # The CPU kernel for experts accepts no fewer than 128 columns.
    return dict(
        common, architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", num_experts=4, num_experts_per_tok=2,
        moe_intermediate_size=128, decoder_sparse_step=1, norm_topk_prob=True, mlp_only_layers=[])


def write(kind, folder):
    """Writes the model into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "config.json": configuration(kind),
        "generation_config.json": {"eos_token_id": 256, "do_sample": False},
        "tokenizer.json": tokenizer(),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END, "pad_token": END, "model_max_length": 256,
            "clean_up_tokenization_spaces": False},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n")
