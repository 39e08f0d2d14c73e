"""Integrated gradients along the way from a black picture, by the trapezoidal rule."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(6, 3, activation="gelu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ]
    )
    set_weights(model)

    def get_gradients(img_input, top_pred_idx):
        img = ops.cast(img_input, "float32")
        with keras.GradientTape() as tape:
            tape.watch(img)
            preds = model(img)
            top_class = preds[:, top_pred_idx]
        return tape.gradient(top_class, img)

    picture = ops.convert_to_tensor(images(1, 8, 8, 3))
    top = int(ops.argmax(model(picture)[0]))
    baseline, num_steps = ops.zeros_like(picture), 5
    steps = [baseline + (step / num_steps) * (picture - baseline) for step in range(num_steps + 1)]
    grads = ops.stack([get_gradients(one, top) for one in steps])
    grads = (grads[:-1] + grads[1:]) / 2.0
    integrated = (picture - baseline) * ops.mean(grads, axis=0)
    return {"top": top, "gradients": get_gradients(picture, top), "integrated": integrated, "sum": ops.sum(integrated)}
