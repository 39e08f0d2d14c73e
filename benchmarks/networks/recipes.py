"""The measured networks, each a function of a builder that ends in logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .builder import Builder, Value


def article(net: Builder) -> Value:
    """Three convolutions, each with 2 × 2 max-pooling, and two dense layers."""
    x = net.input(32, 3)
    for filters in (32, 64, 128):
        x = net.max_pool(net.conv(x, filters, 3, bias_relu=True), 2)
    return net.dense(net.dense(net.flatten(x), 512, relu=True), 10)


def residual_block(net: Builder, x: Value, filters: int, stride: int) -> Value:
    """Two 3 × 3 convolutions beside the input, or a projection of it where the shape changes (He et al. 2015)."""
    y = net.norm(net.conv(x, filters, 3, stride))
    y = net.norm(net.conv(y, filters, 3), relu=False)
    if stride != 1 or x.shape[-1] != filters:
        x = net.norm(net.conv(x, filters, 1, stride), relu=False)
    return net.add_relu(y, x)


def residual_stages(net: Builder, x: Value, widths: tuple[int, ...], blocks: int) -> Value:
    for stage, filters in enumerate(widths):
        for block in range(blocks):
            x = residual_block(net, x, filters, 2 if stage and not block else 1)
    return x


def resnet20(net: Builder) -> Value:
    """ResNet-20 for 32 × 32 pictures (He et al. 2015), with projections."""
    x = net.norm(net.conv(net.input(32, 3), 16, 3))
    return net.dense(net.mean(residual_stages(net, x, (16, 32, 64), 3)), 10)


def resnet18(net: Builder) -> Value:
    """ResNet-18 for 224 × 224 pictures (He et al. 2015)."""
    x = net.max_pool(net.norm(net.conv(net.input(224, 3), 64, 7, 2)), 3)
    return net.dense(net.mean(residual_stages(net, x, (64, 128, 256, 512), 2)), 1000)


def mobilenet(net: Builder) -> Value:
    """A small MobileNet (Howard et al. 2017): depthwise-separable blocks for 32 × 32 pictures."""
    x = net.norm(net.conv(net.input(32, 3), 32, 3))
    for filters, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)):
        x = net.norm(net.depthwise(x, stride))
        x = net.norm(net.conv(x, filters, 1))
    return net.dense(net.mean(x), 10)


@dataclass(frozen=True)
class Recipe:
    """A network and what it is fed with."""

    title: str
    build: Callable[[Builder], Value]
    size: int  # height and width of its pictures
    classes: int


RECIPES = {
    "article": Recipe("article's network", article, 32, 10),
    "resnet20": Recipe("ResNet-20, 32 × 32", resnet20, 32, 10),
    "mobilenet": Recipe("MobileNet-like, 32 × 32", mobilenet, 32, 10),
    "resnet18": Recipe("ResNet-18, 224 × 224", resnet18, 224, 1000),
}


def build(name: str, builder: Builder) -> Any:
    """The network in the builder's framework."""
    return builder.finish(RECIPES[name].build(builder))


def flops(name: str, training: bool) -> int:
    """Operations of one image."""
    builder = Builder()
    build(name, builder)
    return builder.training_flops if training else builder.flops
