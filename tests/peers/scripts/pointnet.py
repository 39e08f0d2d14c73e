"""PointNet: transformations of point clouds learnt with an orthogonal regulariser."""

from tools import labels, normal, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class OrthogonalRegularizer(keras.regularizers.Regularizer):
        def __init__(self, num_features, l2reg=0.001):
            self.num_features = num_features
            self.l2reg = l2reg
            self.eye = ops.eye(num_features)

        def __call__(self, x):
            x = ops.reshape(x, (-1, self.num_features, self.num_features))
            xxt = ops.tensordot(x, x, axes=(2, 2))
            xxt = ops.reshape(xxt, (-1, self.num_features, self.num_features))
            return ops.sum(self.l2reg * ops.square(xxt - self.eye))

        def get_config(self):
            return {"num_features": self.num_features, "l2reg": self.l2reg}

    def conv_bn(x, filters):
        x = layers.Conv1D(filters, kernel_size=1, padding="valid")(x)
        x = layers.BatchNormalization(momentum=0.0)(x)
        return layers.Activation("relu")(x)

    def dense_bn(x, filters):
        return layers.Activation("relu")(layers.BatchNormalization(momentum=0.0)(layers.Dense(filters)(x)))

    def tnet(inputs, num_features):
        bias = keras.initializers.Constant(keras.ops.convert_to_numpy(ops.eye(num_features)).flatten())
        x = dense_bn(layers.GlobalMaxPooling1D()(conv_bn(inputs, 8)), 6)
        x = layers.Dense(
            num_features * num_features,
            kernel_initializer="zeros",
            bias_initializer=bias,
            activity_regularizer=OrthogonalRegularizer(num_features),
        )(x)
        feat_t = layers.Reshape((num_features, num_features))(x)
        return layers.Dot(axes=(2, 1))([inputs, feat_t])

    inputs = keras.Input(shape=(16, 3))
    x = conv_bn(tnet(inputs, 3), 6)
    x = conv_bn(tnet(x, 6), 8)
    x = dense_bn(layers.GlobalMaxPooling1D()(x), 6)
    model = keras.Model(inputs=inputs, outputs=layers.Dense(4, activation="softmax")(x), name="pointnet")
    set_weights(model)
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.SGD(learning_rate=0.01),
        metrics=["sparse_categorical_accuracy"],
    )
    return trained(model, normal(8, 16, 3), labels(8, 4))
