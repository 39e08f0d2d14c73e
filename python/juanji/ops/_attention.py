"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juanji import ops
from juanji.ops._convert import as_array, as_float, operands


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """``softmax(query · keyᵀ · scale + bias) · value`` for each head (Vaswani et al., 2017, arXiv:1706.03762).

    Args:
        query: (B, T, N, H): batch, length, heads, size of a head.
        key: (B, S, K, H); N is a multiple of K, and each key head serves N / K query heads.
        value: the shape of ``key``.
        bias: added to the logits, broadcast to (B, N, T, S).
        mask: booleans, broadcast to (B, N, T, S); False keeps a key out.
        scale: factor of the logits, 1/√H by default.
        is_causal: keep keys behind the query's position out.
        flash_attention: taken for Keras' sake; there is one implementation.
        attn_logits_soft_cap: None, the only value that Keras supports on a CPU.

    Returns:
        (B, T, N, H).

    Raises:
        ValueError: for other ranks, heads that do not fit, or a soft cap.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> x = np.ones((2, 4, 8, 16))
        >>> ops.dot_product_attention(x, x, x).shape
        (2, 4, 8, 16)
    """
    if attn_logits_soft_cap is not None:
        raise ValueError(
            "dot_product_attention: soft caps need a TPU in Keras; expected attn_logits_soft_cap=None, got "
            f"{attn_logits_soft_cap}. Apply tanh to the logits yourself."
        )
    query, key, value = (as_float(x) for x in operands(query, key, value))
    if not len(query.shape) == len(key.shape) == len(value.shape) == 4:
        raise ValueError(
            "dot_product_attention: expected arrays of rank 4 (batch, length, heads, size), got "
            f"query.shape={tuple(query.shape)}, key.shape={tuple(key.shape)}, value.shape={tuple(value.shape)}."
        )
    heads, key_heads = query.shape[2], key.shape[2]
    if heads != key_heads:
        if heads % max(key_heads, 1):
            raise ValueError(
                "dot_product_attention: the heads do not fit; expected query heads that are a multiple of key heads, "
                f"got {heads} and {key_heads}."
            )
        key, value = (ops.repeat(x, heads // key_heads, axis=2) for x in (key, value))
    factor = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    # (B, N, T, H) · (B, N, H, S)
    logits = ops.matmul(ops.transpose(ops.multiply(query, factor), (0, 2, 1, 3)), ops.transpose(key, (0, 2, 3, 1)))
    if bias is not None:
        logits = ops.add(logits, ops.cast(bias, logits.dtype))
    mask = _joined_mask(mask, is_causal, query.shape[1], key.shape[1])
    if mask is not None:
        # a large number rather than -inf, so that a query without any key gets even weights and no NaN
        logits = ops.where(mask, logits, float(-0.7 * np.finfo(logits.dtype).max))
    heads_first = ops.matmul(ops.softmax(logits, axis=-1), ops.transpose(value, (0, 2, 1, 3)))
    return ops.transpose(heads_first, (0, 2, 1, 3))


def _joined_mask(mask: Any, is_causal: bool, queries: int, keys: int) -> Any:
    if not is_causal:
        return None if mask is None else ops.cast(as_array(mask), bool)
    causal = np.tri(queries, keys, dtype=bool)
    return causal if mask is None else ops.logical_and(ops.cast(as_array(mask), bool), causal)
