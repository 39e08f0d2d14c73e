"""Parts of a CycleGAN: reflection padding as a layer, instance normalisation, residual blocks, cycle losses."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    class ReflectionPadding2D(layers.Layer):
        def __init__(self, padding=(1, 1), **kwargs):
            self.padding = tuple(padding)
            super().__init__(**kwargs)

        def call(self, input_tensor, mask=None):
            padding_width, padding_height = self.padding
            tensor = [[0, 0], [padding_height, padding_height], [padding_width, padding_width], [0, 0]]
            return ops.pad(input_tensor, tensor, mode="reflect")

    def residual_block(x):
        input_tensor = x
        x = ReflectionPadding2D()(input_tensor)
        x = layers.Conv2D(x.shape[-1], (3, 3), padding="valid", use_bias=False)(x)
        x = layers.GroupNormalization(groups=-1)(x)
        x = layers.Activation("relu")(x)
        return layers.add([input_tensor, x])

    def generator(name):
        inputs = layers.Input(shape=(8, 8, 3))
        x = ReflectionPadding2D(padding=(3, 3))(inputs)
        x = layers.Conv2D(4, (7, 7), use_bias=False)(x)
        x = layers.Activation("relu")(layers.GroupNormalization(groups=-1)(x))
        x = residual_block(x)
        x = ReflectionPadding2D(padding=(3, 3))(x)
        x = layers.Conv2D(3, (7, 7), padding="valid")(x)
        return keras.Model(inputs, layers.Activation("tanh")(x), name=name)

    gen_g, gen_f = set_weights(generator("g")), set_weights(generator("f"), seed=1)
    optimizer = keras.optimizers.SGD(0.005)
    absolute = keras.losses.MeanAbsoluteError()
    x, y, found = images(2, 8, 8, 3), images(2, 8, 8, 3, seed=5), {}
    weights = gen_g.trainable_variables + gen_f.trainable_variables
    for step in range(2):
        with keras.GradientTape() as tape:
            cycle = absolute(x, gen_f(gen_g(x))) + absolute(y, gen_g(gen_f(y)))
            identity = absolute(y, gen_g(y)) + absolute(x, gen_f(x))
            loss = 10.0 * cycle + 5.0 * identity
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        found.update({f"cycle {step}": cycle, f"identity {step}": identity})
    return {**found, "fake": gen_g.predict(x, verbose=0)}
