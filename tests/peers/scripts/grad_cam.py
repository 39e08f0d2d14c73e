"""Grad-CAM: the gradient of a class for the last convolution, through a model of inner outputs."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(6, 3, activation="relu")(inputs)
    x = layers.Conv2D(8, 3, strides=2, activation="relu", name="last_conv")(x)
    outputs = layers.Dense(4, name="predictions")(layers.GlobalAveragePooling2D()(x))
    model = set_weights(keras.Model(inputs, outputs))
    model.layers[-1].activation = None
    grad_model = keras.models.Model(model.inputs, [model.get_layer("last_conv").output, model.output])
    img_array = keras.utils.img_to_array(keras.utils.array_to_img(images(12, 12, 3)))
    img_array = ops.expand_dims(img_array, axis=0) / 255.0
    with keras.GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(img_array)
        pred_index = ops.argmax(preds[0])
        class_channel = ops.take(preds, pred_index, axis=1)
    grads = tape.gradient(class_channel, last_conv_layer_output)
    pooled_grads = ops.mean(grads, axis=(0, 1, 2))
    last_conv_layer_output = last_conv_layer_output[0]
    heatmap = ops.squeeze(last_conv_layer_output @ pooled_grads[..., None], axis=-1)
    heatmap = ops.maximum(heatmap, 0) / ops.max(heatmap)
    return {"index": pred_index, "grads": grads, "heatmap": heatmap}
