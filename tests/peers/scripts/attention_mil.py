"""Attention-based multiple instance learning: bags of instances, weights of attention as a second result."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class MILAttentionLayer(layers.Layer):
        def __init__(self, weight_params_dim, use_gated=False, **kwargs):
            super().__init__(**kwargs)
            self.weight_params_dim, self.use_gated = weight_params_dim, use_gated
            self.kernel_initializer = keras.initializers.get("glorot_uniform")
            self.kernel_regularizer = keras.regularizers.get(keras.regularizers.L2(0.01))

        def build(self, input_shape):
            def weight(shape, name):
                return self.add_weight(
                    shape=shape, initializer=self.kernel_initializer, name=name, regularizer=self.kernel_regularizer
                )

            input_dim = input_shape[0][1]
            self.v_weight_params = weight((input_dim, self.weight_params_dim), "v")
            self.w_weight_params = weight((self.weight_params_dim, 1), "w")
            self.u_weight_params = weight((input_dim, self.weight_params_dim), "u") if self.use_gated else None

        def call(self, inputs):
            instances = [self.compute_attention_scores(instance) for instance in inputs]
            alpha = ops.softmax(ops.stack(instances), axis=0)
            return [alpha[i] for i in range(alpha.shape[0])]

        def compute_attention_scores(self, instance):
            original = instance
            instance = ops.tanh(ops.tensordot(instance, self.v_weight_params, axes=1))
            if self.use_gated:
                instance = instance * ops.sigmoid(ops.tensordot(original, self.u_weight_params, axes=1))
            return ops.tensordot(instance, self.w_weight_params, axes=1)

    inputs, embeddings = [], []
    shared_1, shared_2 = layers.Dense(8, activation="relu"), layers.Dense(6, activation="relu")
    for _ in range(3):
        inp = layers.Input((5, 5))
        inputs.append(inp)
        embeddings.append(shared_2(shared_1(layers.Flatten()(inp))))
    alpha = MILAttentionLayer(weight_params_dim=4, use_gated=True, name="alpha")(embeddings)
    weighted = [layers.multiply([alpha[i], embeddings[i]]) for i in range(len(alpha))]
    output = layers.Dense(2, activation="softmax")(layers.concatenate(weighted))
    model = set_weights(keras.Model(inputs, output))
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    bags = [images(8, 5, 5, seed=i) for i in range(3)]
    found = trained(model, bags, labels(8, 2), class_weight={0: 1.0, 1: 2.5})
    attention = keras.Model(model.inputs, model.get_layer("alpha").output).predict(bags, verbose=0)
    return {**found, "attention": attention, "losses": ops.stack(model.losses)}
