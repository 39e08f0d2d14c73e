"""Deep dream: ascent over octaves, with what shrinking lost added back."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    inputs = keras.Input((None, None, 3))
    a = layers.Conv2D(4, 3, activation="relu", name="mixed1")(inputs)
    b = layers.Conv2D(6, 3, activation="tanh", name="mixed2")(a)
    model = set_weights(keras.Model(inputs, b))
    layer_settings = {"mixed1": 1.0, "mixed2": 1.5}
    outputs_dict = {layer.name: layer.output for layer in [model.get_layer(name) for name in layer_settings]}
    extractor = keras.Model(inputs=model.inputs, outputs=outputs_dict)

    def compute_loss(input_image):
        features = extractor(input_image)
        loss = ops.zeros(shape=())
        for name in features:
            activation = features[name]
            scaling = ops.prod(ops.cast(ops.shape(activation), "float32"))
            coefficient = layer_settings[name]
            loss = loss + coefficient * ops.sum(ops.square(activation[:, 2:-2, 2:-2, :])) / scaling
        return loss

    def gradient_ascent_loop(img, iterations, learning_rate):
        for _ in range(iterations):
            with keras.GradientTape() as tape:
                tape.watch(img)
                loss = compute_loss(img)
            grads = tape.gradient(loss, img)
            grads = grads / ops.maximum(ops.mean(ops.abs(grads)), 1e-6)
            img = img + learning_rate * grads
        return img, loss

    original = ops.convert_to_tensor(images(1, 20, 20, 3))
    shrunk = ops.image.resize(original, (12, 12))
    img, found = ops.copy(original), {}
    for shape in ((12, 12), (16, 16), (20, 20)):
        img = ops.image.resize(img, shape)
        img, found[f"loss {shape}"] = gradient_ascent_loop(img, 2, 0.01)
        upscaled = ops.image.resize(shrunk, shape)
        same_size = ops.image.resize(original, shape)
        img = img + same_size - upscaled
        shrunk = ops.image.resize(original, shape)
    return {**found, "image": img}
