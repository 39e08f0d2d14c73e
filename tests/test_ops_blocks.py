"""Blocks of pixels, axes by name, attention and adaptive pooling against loops in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest

from juanji import Input, ops
from reference.gradients import check_gradients, check_second_gradients


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def naive_unfold(x, kernel, dilation, padding, stride):
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    counts = [(x.shape[2 + a] - dilation[a] * (kernel[a] - 1) - 1) // stride[a] + 1 for a in (0, 1)]
    y = np.zeros((x.shape[0], x.shape[1], *kernel, *counts))
    for i in np.ndindex(*kernel, *counts):
        y[(slice(None), slice(None), *i)] = x[
            :, :, i[2] * stride[0] + i[0] * dilation[0], i[3] * stride[1] + i[1] * dilation[1]
        ]
    return y.reshape(x.shape[0], x.shape[1] * kernel[0] * kernel[1], -1)


BLOCKS = [((1, 1), (1, 1), (0, 0), (1, 1)), ((2, 3), (1, 1), (0, 0), (1, 1)), ((3, 2), (2, 1), (1, 2), (2, 3))]


@pytest.mark.parametrize(("kernel", "dilation", "padding", "stride"), BLOCKS)
def test_unfold_and_fold(kernel, dilation, padding, stride):
    x = numbers(2, 3, 6, 5)
    settings = (kernel, dilation, padding, stride)
    columns = ops.unfold(x, *settings)
    np.testing.assert_array_equal(columns, naive_unfold(x, *settings))
    y = numbers(*columns.shape, seed=1)
    images = ops.fold(y, (6, 5), *settings)
    # the one is the transpose of the other
    np.testing.assert_allclose(np.vdot(columns, y), np.vdot(x, images), rtol=1e-12)
    check_gradients(lambda v: ops.unfold(v, *settings), x[:1, :2])
    check_gradients(lambda v: ops.fold(v, (6, 5), *settings), y[:1, : kernel[0] * kernel[1]])


def test_unfold_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"unfold: no block fits; .* got 2x5 pixels, padding included"):
        ops.unfold(np.ones((1, 1, 2, 5)), 3)
    with pytest.raises(ValueError, match=r"fold: the columns do not fit; expected \(N, a multiple of 4, 9\)"):
        ops.fold(np.ones((1, 4, 5)), 4, 2)
    with pytest.raises(ValueError, match=r"unfold: unusable stride; expected one or two numbers from 1, got stride=0"):
        ops.unfold(np.ones((1, 1, 4, 4)), 2, stride=0)


@pytest.mark.parametrize("r", [2, 3])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_depth_and_space(r, layout):
    x = numbers(2, 2, 3, 2 * r * r)
    expected = np.zeros((2, 2 * r, 3 * r, 2))
    for n, i, j, c in np.ndindex(expected.shape):
        expected[n, i, j, c] = x[n, i // r, j // r, (i % r * r + j % r) * 2 + c]
    if layout == "channels_first":
        x, expected = np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1)
    np.testing.assert_array_equal(ops.depth_to_space(x, r, layout), expected)
    np.testing.assert_array_equal(ops.space_to_depth(expected, r, layout), x)
    check_gradients(lambda v: ops.depth_to_space(v, r, layout), x)


def test_depth_and_space_refuse():
    with pytest.raises(ValueError, match=r"depth_to_space: the channels do not fill blocks; .* multiple of 4"):
        ops.depth_to_space(np.ones((1, 2, 2, 6)), 2)
    with pytest.raises(ValueError, match=r"space_to_depth: blocks do not fill the image"):
        ops.space_to_depth(np.ones((1, 3, 2, 6)), 2)
    with pytest.raises(ValueError, match=r"the blocks are too small; expected 2 or more, got block_size=1"):
        ops.space_to_depth(np.ones((1, 2, 2, 6)), 1)
    with pytest.raises(ValueError, match=r"unknown layout"):
        ops.space_to_depth(np.ones((1, 2, 2, 6)), 2, "NCHW")


def test_rearrange():
    x = numbers(2, 6, 4)
    np.testing.assert_array_equal(ops.rearrange(x, "b t c -> c b t"), x.transpose(2, 0, 1))
    np.testing.assert_array_equal(ops.rearrange(x, "b t c -> b (t c)"), x.reshape(2, 24))
    expected = x.reshape(2, 2, 3, 4).transpose(1, 3, 0, 2).reshape(2, 4, 6)
    np.testing.assert_array_equal(ops.rearrange(x, "b (h w) c -> h c (b w)", h=2), expected)
    check_gradients(lambda v: ops.rearrange(v, "b (h w) c -> h c (b w)", w=3), x)
    for pattern in ("b t -> t b", "b t c", "b t c -> b t", "b b c -> b b c"):
        with pytest.raises(ValueError, match="rearrange: the pattern does not fit"):
            ops.rearrange(x, pattern)
    with pytest.raises(ValueError, match=r"rearrange: the sizes do not fit; .* whose product is 6, got \{'h': 4\}"):
        ops.rearrange(x, "b (h w) c -> b h w c", h=4)


def naive_attention(query, key, value, bias, mask, scale):
    groups = query.shape[2] // key.shape[2]
    y = np.zeros(query.shape)
    for b, n, t in np.ndindex(query.shape[0], query.shape[2], query.shape[1]):
        logits = key[b, :, n // groups] @ query[b, t, n] * scale + bias[b, n, t]
        weights = np.exp(logits - logits.max()) * mask[b, n, t]
        y[b, t, n] = weights @ value[b, :, n // groups] / weights.sum()
    return y


@pytest.mark.parametrize(("heads", "key_heads"), [(2, 2), (4, 2), (2, 1)])
@pytest.mark.parametrize("is_causal", [False, True])
def test_attention(heads, key_heads, is_causal):
    query, key, value = (
        numbers(2, 3, heads, 5),
        numbers(2, 4, key_heads, 5, seed=1),
        numbers(2, 4, key_heads, 5, seed=2),
    )
    mask = np.random.default_rng(3).random((2, heads, 3, 4)) < 0.7
    mask[..., 0] = True
    bias = numbers(2, heads, 3, 4, seed=4)
    seen = mask & np.tri(3, 4, dtype=bool) if is_causal else mask
    expected = naive_attention(query, key, value, bias, seen, 1 / math.sqrt(5))
    for dtype in ("float32", "float64"):
        arrays = [x.astype(dtype) for x in (query, key, value)]
        got = ops.dot_product_attention(*arrays, bias=bias.astype(dtype), mask=mask, is_causal=is_causal)
        assert got.dtype == dtype
        np.testing.assert_allclose(got, expected, atol=32 * np.finfo(dtype).eps * np.abs(expected).max())
    check_gradients(lambda q, k, v, b: ops.dot_product_attention(q, k, v, b, mask), query, key, value, bias)


def test_attention_refuses_and_survives():
    x = numbers(1, 2, 3, 4)
    hidden = ops.dot_product_attention(x, x, x, mask=np.zeros((1, 1, 2, 2), bool))
    np.testing.assert_allclose(hidden, np.broadcast_to(x.mean(1, keepdims=True), x.shape))
    with pytest.raises(ValueError, match="expected query heads that are a multiple of key heads, got 3 and 2"):
        ops.dot_product_attention(x, x[:, :, :2], x[:, :, :2])
    with pytest.raises(ValueError, match="expected attn_logits_soft_cap=None, got 2"):
        ops.dot_product_attention(x, x, x, attn_logits_soft_cap=2)
    with pytest.raises(ValueError, match="expected arrays of rank 4"):
        ops.dot_product_attention(x[0], x[0], x[0])
    assert ops.dot_product_attention(*(Input((None, 3, 4)) for _ in range(3))).shape == (None, None, 3, 4)


def naive_adaptive(x, sizes, reduce):
    y = np.zeros((x.shape[0], *sizes, x.shape[-1]))
    for i in np.ndindex(*sizes):
        window = tuple(
            slice(math.floor(j * n / m), math.ceil((j + 1) * n / m)) for j, n, m in zip(i, x.shape[1:-1], sizes)
        )
        part = x[(slice(None), *window)]
        y[(slice(None), *i)] = reduce(part, axis=tuple(range(1, part.ndim - 1)))
    return y


@pytest.mark.parametrize(("shape", "sizes"), [((7,), (3,)), ((5, 6), (3, 4)), ((4, 3), (6, 1)), ((3, 4, 5), (2, 3, 2))])
@pytest.mark.parametrize("name", ["average", "max"])
def test_adaptive_pool(name, shape, sizes):
    x = numbers(2, *shape, 3)
    function = getattr(ops, f"adaptive_{name}_pool")
    expected = naive_adaptive(x, sizes, np.mean if name == "average" else np.max)
    np.testing.assert_allclose(function(x, sizes), expected, atol=1e-14)
    first = np.moveaxis(function(np.moveaxis(x, -1, 1), sizes, "channels_first"), 1, -1)
    np.testing.assert_allclose(first, expected, atol=1e-14)
    check_gradients(lambda v: function(v, sizes), x[:1, ..., :2])


def test_adaptive_pool_refuses():
    with pytest.raises(ValueError, match=r"unusable sizes; expected one positive number or 2"):
        ops.adaptive_max_pool(np.ones((1, 4, 4, 1)), 0)
    with pytest.raises(ValueError, match=r"expected rank 3 to 5"):
        ops.adaptive_max_pool(np.ones((1, 4)), 2)


def test_separable_conv_multi_hot_and_psnr():
    x, depthwise, pointwise = numbers(1, 4, 5, 2), numbers(3, 2, 2, 2, seed=1), numbers(1, 1, 4, 3, seed=2)
    expected = np.zeros((1, 2, 4, 3))
    for i, j in np.ndindex(2, 4):
        middle = np.einsum("hwc,hwcm->cm", x[0, i : i + 3, j : j + 2], depthwise).reshape(-1)
        expected[0, i, j] = middle @ pointwise[0, 0]
    np.testing.assert_allclose(ops.separable_conv(x, depthwise, pointwise), expected, atol=1e-13)
    check_gradients(ops.separable_conv, x, depthwise, pointwise)
    np.testing.assert_array_equal(ops.multi_hot([[0, 2], [1, 1]], 3), [[1, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(ops.multi_hot([0, 2], num_tokens=3), [1, 0, 1])
    a, b = numbers(2, 3), numbers(2, 3, seed=1)
    np.testing.assert_allclose(ops.psnr(a, b, 2.0), 10 * np.log10(4 / np.mean((a - b) ** 2)))
    check_gradients(lambda u, v: ops.psnr(u, v, 2.0), a, b)
    check_second_gradients(lambda u: ops.psnr(u, b, 2.0), a)
    with pytest.raises(ValueError, match="psnr: the shapes differ"):
        ops.psnr(a, b[:1], 1.0)
    with pytest.raises(ValueError, match="the number of classes is missing"):
        ops.multi_hot([1])
