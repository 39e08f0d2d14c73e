"""Compact convolutional transformer: convolutional tokens, sequence pooling, stochastic depth that is switched off."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class CCTTokenizer(layers.Layer):
        def __init__(self, channels=(6, 8), **kwargs):
            super().__init__(**kwargs)
            self.conv_model = keras.Sequential()
            for count in channels:
                self.conv_model.add(layers.Conv2D(count, 3, 1, padding="valid", use_bias=False, activation="relu"))
                self.conv_model.add(layers.ZeroPadding2D(1))
                self.conv_model.add(layers.MaxPooling2D(3, 2, "same"))

        def call(self, images):
            outputs = self.conv_model(images)
            return ops.reshape(outputs, (-1, ops.shape(outputs)[1] * ops.shape(outputs)[2], ops.shape(outputs)[-1]))

    class SequencePooling(layers.Layer):
        def __init__(self):
            super().__init__()
            self.attention = layers.Dense(1)

        def call(self, x):
            attention_weights = ops.softmax(self.attention(x), axis=1)
            attention_weights = ops.transpose(attention_weights, axes=(0, 2, 1))
            return ops.squeeze(ops.matmul(attention_weights, x), -2)

    class StochasticDepth(layers.Layer):
        def __init__(self, drop_prop, **kwargs):
            super().__init__(**kwargs)
            self.drop_prob = drop_prop
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, x, training=None):
            if not training or not self.drop_prob:
                return x
            keep = 1 - self.drop_prob
            shape = (ops.shape(x)[0],) + (1,) * (len(x.shape) - 1)
            return x / keep * ops.floor(keep + keras.random.uniform(shape, 0, 1, seed=self.seed_generator))

    inputs = layers.Input((12, 12, 3))
    encoded = CCTTokenizer()(inputs)
    x1 = layers.LayerNormalization(epsilon=1e-5)(encoded)
    x2 = layers.Add()([StochasticDepth(0.0)(layers.MultiHeadAttention(2, 4)(x1, x1)), encoded])
    x3 = layers.Dense(8, activation=ops.gelu)(layers.LayerNormalization(epsilon=1e-5)(x2))
    encoded = layers.Add()([StochasticDepth(0.0)(x3), x2])
    outputs = layers.Dense(3)(SequencePooling()(encoded))
    model = set_weights(keras.Model(inputs, outputs))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    model.compile(keras.optimizers.AdamW(0.001, 0.01, epsilon=1e-3), loss, metrics=["accuracy"])
    return trained(model, images(8, 12, 12, 3), keras.utils.to_categorical(labels(8, 3), 3))
