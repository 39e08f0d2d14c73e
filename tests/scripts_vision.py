"""Vision models as Keras scripts define them; ``keras`` and its tape are arguments, so that both libraries run them."""

from __future__ import annotations


def siamese(keras, GradientTape=None):
    """Two towers that share their weights, a distance and a contrastive loss."""
    layers, ops = keras.layers, keras.ops

    def euclidean_distance(vects):
        x, y = vects
        sum_square = ops.sum(ops.square(x - y), axis=1, keepdims=True)
        return ops.sqrt(ops.maximum(sum_square, keras.backend.epsilon()))

    def loss(margin=1):
        def contrastive_loss(y_true, y_pred):
            square_pred = ops.square(y_pred)
            margin_square = ops.square(ops.maximum(margin - (y_pred), 0))
            return ops.mean((1 - y_true) * square_pred + (y_true) * margin_square)

        return contrastive_loss

    tower_input = layers.Input((8, 8, 1))
    x = layers.BatchNormalization()(tower_input)
    x = layers.Conv2D(4, (5, 5), activation="tanh")(x)
    x = layers.AveragePooling2D(pool_size=(2, 2))(x)
    x = layers.Flatten()(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dense(10, activation="tanh")(x)
    embedding_network = keras.Model(tower_input, x)
    input_1 = layers.Input((8, 8, 1))
    input_2 = layers.Input((8, 8, 1))
    tower_1 = embedding_network(input_1)
    tower_2 = embedding_network(input_2)
    merge_layer = layers.Lambda(euclidean_distance, output_shape=(1,))([tower_1, tower_2])
    normal_layer = layers.BatchNormalization()(merge_layer)
    output_layer = layers.Dense(1, activation="sigmoid")(normal_layer)
    model = keras.Model(inputs=[input_1, input_2], outputs=output_layer)
    model.compile(loss=loss(margin=1), optimizer="RMSprop", metrics=["accuracy"])
    return model


def mixed_inputs(keras, GradientTape=None):
    """A picture and a table row, two outputs with losses, weights and metrics of their own."""
    layers = keras.layers
    picture = keras.Input((8, 8, 3), name="picture")
    row = keras.Input((5,), name="row")
    x = layers.Rescaling(1.0 / 255)(picture)
    x = layers.Conv2D(4, 3, activation="relu")(x)
    x = layers.GlobalMaxPooling2D()(x)
    joined = layers.concatenate([x, layers.Dense(6, activation="relu")(row)])
    price = layers.Dense(1, name="price")(joined)
    kind = layers.Dense(3, activation="softmax", name="kind")(joined)
    model = keras.Model(inputs={"picture": picture, "row": row}, outputs={"price": price, "kind": kind})
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss={"price": keras.losses.MeanSquaredError(), "kind": "sparse_categorical_crossentropy"},
        loss_weights={"price": 2.0, "kind": 0.5},
        metrics={"price": [keras.metrics.MeanAbsoluteError(name="mae")], "kind": ["accuracy"]},
    )
    return model


def unet(keras, GradientTape=None):
    """Segmentation with separable convolutions and residual blocks, down and up again."""
    layers = keras.layers
    inputs = keras.Input(shape=(16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    previous_block_activation = x
    for filters in [6, 8]:
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        residual = layers.Conv2D(filters, 1, strides=2, padding="same")(previous_block_activation)
        x = layers.add([x, residual])
        previous_block_activation = x
    for filters in [8, 6, 4]:
        x = layers.Activation("relu")(x)
        x = layers.Conv2DTranspose(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.UpSampling2D(2)(x)
        residual = layers.UpSampling2D(2)(previous_block_activation)
        residual = layers.Conv2D(filters, 1, padding="same")(residual)
        x = layers.add([x, residual])
        previous_block_activation = x
    outputs = layers.Conv2D(3, 3, activation="softmax", padding="same")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
    return model


def distiller(keras, GradientTape=None):
    """A student that learns from a teacher: compile and compute_loss overridden."""
    layers, ops = keras.layers, keras.ops

    class Distiller(keras.Model):
        def __init__(self, student, teacher):
            super().__init__()
            self.teacher = teacher
            self.student = student

        def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
            super().compile(optimizer=optimizer, metrics=metrics)
            self.student_loss_fn = student_loss_fn
            self.distillation_loss_fn = distillation_loss_fn
            self.alpha = alpha
            self.temperature = temperature

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
            teacher_pred = self.teacher(x, training=False)
            student_loss = self.student_loss_fn(y, y_pred)
            distillation_loss = self.distillation_loss_fn(
                ops.softmax(teacher_pred / self.temperature, axis=1),
                ops.softmax(y_pred / self.temperature, axis=1),
            ) * (self.temperature**2)
            return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

        def call(self, x):
            return self.student(x)

    def network(filters, name):
        return keras.Sequential(
            [
                keras.Input(shape=(8, 8, 1)),
                layers.Conv2D(filters, (3, 3), strides=(2, 2), padding="same"),
                layers.LeakyReLU(negative_slope=0.2),
                layers.MaxPooling2D(pool_size=(2, 2), strides=(1, 1), padding="same"),
                layers.Conv2D(filters, (3, 3), strides=(2, 2), padding="same"),
                layers.Flatten(),
                layers.Dense(3),
            ],
            name=name,
        )

    teacher = network(8, "teacher")
    teacher.trainable = False
    model = Distiller(student=network(4, "student"), teacher=teacher)
    model.compile(
        optimizer=keras.optimizers.Adam(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        student_loss_fn=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        distillation_loss_fn=keras.losses.KLDivergence(),
        alpha=0.1,
        temperature=10,
    )
    return model


def contrastive(keras, GradientTape):
    """SimCLR: encoder, projection head and linear probe with two optimizers, on two views of each picture."""
    layers, ops = keras.layers, keras.ops

    class ContrastiveModel(keras.Model):
        def __init__(self, width=8):
            super().__init__()
            self.temperature = 0.1
            self.encoder = keras.Sequential(
                [
                    keras.Input((8, 8, 3)),
                    layers.Conv2D(width, kernel_size=3, strides=2, activation="relu"),
                    layers.Flatten(),
                    layers.Dense(width, activation="relu"),
                ],
                name="encoder",
            )
            self.projection_head = keras.Sequential(
                [keras.Input(shape=(width,)), layers.Dense(width, activation="relu"), layers.Dense(width)],
                name="projection_head",
            )
            self.linear_probe = keras.Sequential([layers.Input(shape=(width,)), layers.Dense(3)], name="linear_probe")

        def compile(self, contrastive_optimizer, probe_optimizer, **kwargs):
            super().compile(**kwargs)
            self.contrastive_optimizer = contrastive_optimizer
            self.probe_optimizer = probe_optimizer
            self.probe_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            self.contrastive_loss_tracker = keras.metrics.Mean(name="c_loss")
            self.contrastive_accuracy = keras.metrics.SparseCategoricalAccuracy(name="c_acc")
            self.probe_loss_tracker = keras.metrics.Mean(name="p_loss")
            self.probe_accuracy = keras.metrics.SparseCategoricalAccuracy(name="p_acc")

        @property
        def metrics(self):
            return [
                self.contrastive_loss_tracker,
                self.contrastive_accuracy,
                self.probe_loss_tracker,
                self.probe_accuracy,
            ]

        def contrastive_loss(self, projections_1, projections_2):
            projections_1 = ops.normalize(projections_1, axis=1)
            projections_2 = ops.normalize(projections_2, axis=1)
            similarities = ops.matmul(projections_1, ops.transpose(projections_2)) / self.temperature
            batch_size = ops.shape(projections_1)[0]
            contrastive_labels = ops.arange(batch_size)
            self.contrastive_accuracy.update_state(contrastive_labels, similarities)
            self.contrastive_accuracy.update_state(contrastive_labels, ops.transpose(similarities))
            loss_1_2 = keras.losses.sparse_categorical_crossentropy(contrastive_labels, similarities, from_logits=True)
            loss_2_1 = keras.losses.sparse_categorical_crossentropy(
                contrastive_labels, ops.transpose(similarities), from_logits=True
            )
            return (loss_1_2 + loss_2_1) / 2

        def train_step(self, data):
            images, labels = data
            view_1, view_2 = images, ops.flip(images, axis=2)
            with GradientTape() as tape:
                features_1 = self.encoder(view_1, training=True)
                features_2 = self.encoder(view_2, training=True)
                projections_1 = self.projection_head(features_1, training=True)
                projections_2 = self.projection_head(features_2, training=True)
                contrastive_loss = self.contrastive_loss(projections_1, projections_2)
            variables = self.encoder.trainable_weights + self.projection_head.trainable_weights
            gradients = tape.gradient(contrastive_loss, variables)
            self.contrastive_optimizer.apply_gradients(zip(gradients, variables))
            self.contrastive_loss_tracker.update_state(contrastive_loss)
            with GradientTape() as tape:
                features = self.encoder(images, training=False)
                class_logits = self.linear_probe(features, training=True)
                probe_loss = self.probe_loss(labels, class_logits)
            gradients = tape.gradient(probe_loss, self.linear_probe.trainable_weights)
            self.probe_optimizer.apply_gradients(zip(gradients, self.linear_probe.trainable_weights))
            self.probe_loss_tracker.update_state(probe_loss)
            self.probe_accuracy.update_state(labels, class_logits)
            return {m.name: m.result() for m in self.metrics}

        def test_step(self, data):
            labeled_images, labels = data
            features = self.encoder(labeled_images, training=False)
            class_logits = self.linear_probe(features, training=False)
            self.probe_loss_tracker.update_state(self.probe_loss(labels, class_logits))
            self.probe_accuracy.update_state(labels, class_logits)
            return {m.name: m.result() for m in self.metrics[2:]}

    model = ContrastiveModel()
    model.compile(
        contrastive_optimizer=keras.optimizers.Adam(),
        probe_optimizer=keras.optimizers.Adam(),
        jit_compile=False,
    )
    return model


def transfer(keras, GradientTape=None):
    """A frozen base in inference mode below a new head; ``model.base`` is set free for fine-tuning later."""
    layers = keras.layers
    base = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", name="block_conv"),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.MaxPooling2D(),
        ],
        name="base",
    )
    base.trainable = False
    inputs = keras.Input(shape=(8, 8, 3))
    x = layers.Rescaling(scale=1 / 127.5, offset=-1)(inputs)
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(1)(x)
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy()],
    )
    return model


def own_parts(keras, GradientTape=None):
    """A layer, a loss, a metric and a penalty of one's own in a subclassed model."""
    layers, ops = keras.layers, keras.ops

    class Linear(layers.Layer):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.scale = keras.Variable(1.0, name="scale")

        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True, name="w"
            )
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True, name="b")
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

        def call(self, inputs, training=False):
            if training:
                self.calls.assign_add(1.0)
            self.add_loss(1e-3 * ops.sum(ops.square(self.w)))
            return (ops.matmul(inputs, self.w) + self.b) * self.scale

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    class Weighted(keras.losses.Loss):
        def __init__(self, factor=0.5, name="weighted"):
            super().__init__(name=name)
            self.factor = factor

        def call(self, y_true, y_pred):
            mse = ops.mean(ops.square(y_true - y_pred), axis=-1)
            return mse + self.factor * ops.mean(ops.abs(y_true - y_pred), axis=-1)

    class Largest(keras.metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.value = self.add_variable(shape=(), initializer="zeros", name="value")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(ops.maximum(self.value, ops.cast(ops.max(ops.abs(y_true - y_pred)), self.value.dtype)))

        def result(self):
            return self.value + 0.0

        def reset_state(self):
            self.value.assign(0.0)

    class Block(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.stack = [Linear(4), layers.LayerNormalization(), Linear(2)]
            self.dropout = layers.Dropout(0.0)

        def call(self, inputs, training=False):
            x = inputs
            for layer in self.stack:
                x = layer(x)
            return self.dropout(x, training=training)

    model = Block()
    model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9), loss=Weighted(), metrics=[Largest(), "mae"])
    return model


def generic_steps(keras, GradientTape):
    """train_step and test_step as the guide writes them: compute_loss and a loop over all metrics."""

    class CustomModel(keras.Model):
        def train_step(self, data):
            if len(data) == 3:
                x, y, sample_weight = data
            else:
                sample_weight = None
                x, y = data
            with GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
            trainable_vars = self.trainable_variables
            gradients = tape.gradient(loss, trainable_vars)
            self.optimizer.apply(gradients, trainable_vars)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred, sample_weight=sample_weight)
            return {m.name: m.result() for m in self.metrics}

        def test_step(self, data):
            x, y = data
            y_pred = self(x, training=False)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    inputs = keras.Input(shape=(8,))
    outputs = keras.layers.Dense(2)(keras.layers.Dense(6, activation="silu")(inputs))
    model = CustomModel(inputs, outputs)
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def super_resolution(keras, GradientTape=None):
    """ESPCN: sub-pixel convolution by reshaping and transposing symbolic tensors."""
    layers, ops = keras.layers, keras.ops

    class DepthToSpace(layers.Layer):
        def __init__(self, block_size):
            super().__init__()
            self.block_size = block_size

        def call(self, x):
            batch, height, width, depth = ops.shape(x)
            depth = depth // (self.block_size**2)
            x = ops.reshape(x, [batch, height, width, self.block_size, self.block_size, depth])
            x = ops.transpose(x, [0, 1, 3, 2, 4, 5])
            return ops.reshape(x, [batch, height * self.block_size, width * self.block_size, depth])

    conv_args = {"activation": "relu", "kernel_initializer": "orthogonal", "padding": "same"}
    inputs = keras.Input(shape=(None, None, 1))
    x = layers.Conv2D(6, 5, **conv_args)(inputs)
    x = layers.Conv2D(4, 3, **conv_args)(x)
    x = layers.Conv2D(4, 3, **conv_args)(x)
    model = keras.Model(inputs, DepthToSpace(2)(x))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss=keras.losses.MeanSquaredError())
    return model


def perceiver(keras, GradientTape=None):
    """Learned latents, one for the whole batch, that look at the patches of each picture; penalties in a list."""
    layers, ops = keras.layers, keras.ops

    class Perceiver(keras.Model):
        def build(self, input_shape):
            self.latents = self.add_weight(shape=(4, 6), initializer="random_normal", trainable=True, name="latents")
            latents, data = layers.Input((4, 6), name="latents"), layers.Input((4, 6), name="data")
            query, key = layers.Dense(6)(layers.LayerNormalization()(latents)), layers.Dense(6)(data)
            seen = layers.Add()([layers.Attention(use_scale=True)([query, key, key]), latents])
            self.attention = keras.Model({"latents": latents, "data": data}, seen)
            self.patches = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(6, 4, 4), layers.Reshape((4, 6))])
            self.head = keras.Sequential([keras.Input((4, 6)), layers.GlobalAveragePooling1D(), layers.Dense(3)])
            self.built = True

        def call(self, inputs):
            found = {"latents": ops.expand_dims(self.latents, 0), "data": self.patches(inputs)}
            for _ in range(2):
                found["latents"] = self.attention(found)
            self.add_loss(1e-2 * ops.sum([ops.sum(ops.square(w)) for w in self.head.trainable_weights]))
            return self.head(found["latents"])

    model = Perceiver()
    model.compile(optimizer="sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model
