"""Normalisations with the convolutions beside them: the operations of recorded training steps."""

from __future__ import annotations

from juanji import _core
from juanji.ops._operation import Operation

batch_moments = Operation("batch_moments", _core.BatchMoments, visible_outputs=2)
batch_norm_apply = Operation("batch_norm_apply", _core.BatchNormApply)
batch_norm_gradient_sums = Operation("batch_norm_gradient_sums", _core.BatchNormGradientSums, visible_outputs=3)
batch_norm_gradient_apply = Operation("batch_norm_gradient_apply", _core.BatchNormGradientApply)
conv2d_moments = Operation("conv2d_moments", _core.Conv2DMoments, visible_outputs=3)
norm_depthwise = Operation("norm_depthwise", _core.NormDepthwise, visible_outputs=3)
norm_depthwise_gradient = Operation("norm_depthwise_gradient", _core.NormDepthwiseGradient, visible_outputs=5)
