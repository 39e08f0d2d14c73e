"""Zero-DCE: curves that lighten a picture, learnt from four losses without a target."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    def color_constancy_loss(x):
        mean_rgb = ops.mean(x, axis=(1, 2), keepdims=True)
        mr, mg, mb = mean_rgb[:, :, :, 0], mean_rgb[:, :, :, 1], mean_rgb[:, :, :, 2]
        return ops.sqrt(ops.square(mr - mg) ** 2 + ops.square(mr - mb) ** 2 + ops.square(mb - mg) ** 2)

    def exposure_loss(x, mean_val=0.6):
        mean = ops.average_pool(ops.mean(x, axis=3, keepdims=True), pool_size=4, strides=4, padding="valid")
        return ops.mean(ops.square(mean - mean_val))

    def illumination_smoothness_loss(x):
        h_tv = ops.sum(ops.square(x[:, 1:, :, :] - x[:, :-1, :, :]))
        w_tv = ops.sum(ops.square(x[:, :, 1:, :] - x[:, :, :-1, :]))
        return 2 * (h_tv / (11 * 12) + w_tv / (12 * 11)) / ops.cast(ops.shape(x)[0], "float32")

    def spatial_loss(y_true, y_pred):
        left = ops.array([[[[0.0]], [[0.0]], [[0.0]]], [[[-1.0]], [[1.0]], [[0.0]]], [[[0.0]], [[0.0]], [[0.0]]]])
        pools = [ops.average_pool(ops.mean(y, 3, keepdims=True), 4, 4, padding="valid") for y in (y_true, y_pred)]
        one, other = (ops.conv(pool, left, strides=1, padding="same") for pool in pools)
        return ops.square(one - other)

    class ZeroDCE(keras.Model):
        def __init__(self, dce_model, **kwargs):
            super().__init__(**kwargs)
            self.dce_model = dce_model
            self.tracker = keras.metrics.Mean(name="total_loss")

        @property
        def metrics(self):
            return [self.tracker]

        def enhance(self, data, output):
            x = data
            for i in range(0, 3 * 3, 3):
                x = x + output[:, :, :, i : i + 3] * (ops.square(x) - x)
            return x

        def train_step(self, data):
            with keras.GradientTape() as tape:
                output = self.dce_model(data)
                enhanced = self.enhance(data, output)
                loss = 2 * illumination_smoothness_loss(output) + ops.mean(spatial_loss(enhanced, data))
                loss = loss + 5 * ops.mean(color_constancy_loss(enhanced)) + 10 * exposure_loss(enhanced)
            gradients = tape.gradient(loss, self.dce_model.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.dce_model.trainable_weights))
            self.tracker.update_state(loss)
            return {"total_loss": self.tracker.result()}

    inputs = keras.Input(shape=[None, None, 3])
    conv1 = layers.Conv2D(4, (3, 3), strides=(1, 1), activation="relu", padding="same")(inputs)
    conv2 = layers.Conv2D(4, (3, 3), strides=(1, 1), activation="relu", padding="same")(conv1)
    joined = layers.Concatenate(axis=-1)([conv2, conv1])
    outputs = layers.Conv2D(9, (3, 3), strides=(1, 1), activation="tanh", padding="same")(joined)
    model = ZeroDCE(set_weights(keras.Model(inputs, outputs)))
    model.compile(keras.optimizers.SGD(0.01))
    history = model.fit(images(8, 12, 12, 3) * 0.4, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    return {**history, "curves": model.dce_model(images(2, 8, 8, 3))}
