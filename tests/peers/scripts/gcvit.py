"""Global-context windows: queries from the whole picture meet keys of each window."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops
    window, dim, heads = 4, 8, 2

    class SqueezeAndExcitation(layers.Layer):
        def build(self, input_shape):
            self.avg_pool = layers.GlobalAvgPool2D(keepdims=True, name="avg_pool")
            self.fc = [
                layers.Dense(4, use_bias=False, name="fc_0"),
                layers.Activation("gelu", name="fc_1"),
                layers.Dense(input_shape[-1], use_bias=False, name="fc_2"),
                layers.Activation("sigmoid", name="fc_3"),
            ]
            super().build(input_shape)

        def call(self, inputs, **kwargs):
            x = self.avg_pool(inputs)
            for layer in self.fc:
                x = layer(x)
            return x * inputs

    class WindowAttention(layers.Layer):
        def build(self, input_shape):
            self.scale = (dim // heads) ** -0.5
            self.kv = layers.Dense(2 * dim, name="kv")
            self.projection = layers.Dense(dim, name="proj")
            super().build(input_shape)

        def call(self, inputs):
            features, q_global = inputs
            B, H, W, C = ops.shape(features)
            x = ops.reshape(features, (B, H // window, window, W // window, window, C))
            x = ops.reshape(ops.transpose(x, [0, 1, 3, 2, 4, 5]), (-1, window * window, C))
            kv = ops.reshape(self.kv(x), (-1, window * window, 2, heads, C // heads))
            k, v = ops.split(ops.transpose(kv, [2, 0, 3, 1, 4]), indices_or_sections=2, axis=0)
            k, v = ops.squeeze(k, axis=0), ops.squeeze(v, axis=0)
            q = ops.repeat(q_global, repeats=ops.shape(x)[0] // B, axis=0)
            q = ops.reshape(q, (-1, window * window, heads, C // heads))
            q = ops.transpose(q, [0, 2, 1, 3]) * self.scale
            attn = ops.softmax(q @ ops.transpose(k, axes=[0, 1, 3, 2]), axis=-1)
            x = ops.reshape(ops.transpose(attn @ v, axes=[0, 2, 1, 3]), (-1, window, window, C))
            x = self.projection(x)
            x = ops.reshape(x, (B, H // window, W // window, window, window, C))
            return ops.reshape(ops.transpose(x, [0, 1, 3, 2, 4, 5]), (B, H, W, C))

    inputs = keras.Input((16, 16, 3), batch_size=4)
    x = layers.Conv2D(dim, 3, strides=2, padding="same")(inputs)
    q_global = layers.MaxPooling2D(2)(SqueezeAndExcitation()(x))
    x = layers.Add()([x, WindowAttention()([layers.LayerNormalization()(x), q_global])])
    model = set_weights(keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))))
    model.compile(keras.optimizers.SGD(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return trained(model, images(8, 16, 16, 3), labels(8, 3))
