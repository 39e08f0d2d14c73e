"""TokenLearner: attention maps choose a few tokens out of a picture before the transformer."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    def token_learner(inputs, number_of_tokens=2):
        x = layers.LayerNormalization(epsilon=1e-6)(inputs)
        attention_maps = keras.Sequential(
            [
                layers.Conv2D(number_of_tokens, (3, 3), activation=ops.gelu, padding="same", use_bias=False),
                layers.Conv2D(number_of_tokens, (3, 3), activation=ops.gelu, padding="same", use_bias=False),
                layers.Conv2D(number_of_tokens, (3, 3), activation="sigmoid", padding="same", use_bias=False),
                layers.Reshape((-1, number_of_tokens)),
                layers.Permute((2, 1)),
            ]
        )(x)
        num_filters = inputs.shape[-1]
        x = layers.Reshape((1, -1, num_filters))(x)
        attended = ops.expand_dims(attention_maps, axis=-1) * x
        return ops.mean(attended, axis=2)

    inputs = layers.Input((12, 12, 3))
    projected = layers.Conv2D(8, 4, strides=4, padding="valid")(inputs)
    x = layers.Reshape((9, 8))(projected)
    x1 = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.Add()([layers.MultiHeadAttention(num_heads=2, key_dim=4)(x1, x1), x])
    tokens = token_learner(layers.Reshape((3, 3, 8))(x))
    x2 = layers.LayerNormalization(epsilon=1e-6)(tokens)
    tokens = layers.Add()([layers.Dense(8, activation="gelu")(x2), tokens])
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalAvgPool1D()(tokens))
    model = set_weights(keras.Model(inputs, outputs))
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=0.001, weight_decay=1e-4, epsilon=1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return trained(model, images(8, 12, 12, 3), labels(8, 3))
