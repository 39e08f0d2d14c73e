"""A neural radiance field in miniature: rays, encoded positions, colours summed by transmittance, PSNR."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    height = width = 6
    samples = 4

    def encode_position(x):
        positions = [x]
        for i in range(3):
            for fn in [ops.sin, ops.cos]:
                positions.append(fn(2.0**i * x))
        return ops.concatenate(positions, axis=-1)

    def get_rays(focal, pose):
        i, j = ops.meshgrid(ops.arange(width, dtype="float32"), ops.arange(height, dtype="float32"), indexing="xy")
        transformed_i, transformed_j = (i - width * 0.5) / focal, (j - height * 0.5) / focal
        directions = ops.stack([transformed_i, -transformed_j, -ops.ones_like(i)], axis=-1)
        transformed_dirs = directions[..., None, :] * pose[:3, :3]
        ray_directions = ops.sum(transformed_dirs, axis=-1)
        return ops.broadcast_to(pose[:3, -1], ops.shape(ray_directions)), ray_directions

    def render_flat_rays(ray_origins, ray_directions, near, far):
        t_vals = ops.linspace(near, far, samples)
        rays = ray_origins[..., None, :] + (ray_directions[..., None, :] * t_vals[..., None])
        rays_flat = ops.reshape(rays, [-1, 3])
        return encode_position(rays_flat), t_vals

    model = keras.Sequential(
        [keras.Input((21,)), layers.Dense(16, activation="relu"), layers.Dense(16, activation="relu"), layers.Dense(4)]
    )
    set_weights(model)
    pose = ops.convert_to_tensor(
        [[1.0, 0.0, 0.0, 0.1], [0.0, 0.8, -0.6, 0.2], [0.0, 0.6, 0.8, 3.0], [0.0, 0.0, 0.0, 1.0]]
    )
    rays_flat, t_vals = render_flat_rays(*get_rays(7.0, pose), near=2.0, far=6.0)
    optimizer, picture, found = keras.optimizers.SGD(0.1), images(height, width, 3), {}
    for step in range(3):
        with keras.GradientTape() as tape:
            predictions = ops.reshape(model(rays_flat), (height, width, samples, 4))
            rgb, sigma_a = ops.sigmoid(predictions[..., :-1]), ops.relu(predictions[..., -1])
            delta = t_vals[..., 1:] - t_vals[..., :-1]
            delta = ops.concatenate([delta, ops.broadcast_to([1e10], shape=(1,))], axis=-1)
            alpha = 1.0 - ops.exp(-sigma_a * delta)
            exp_term = 1.0 - alpha + 1e-10
            transmittance = ops.cumprod(exp_term, axis=-1)
            transmittance = ops.concatenate([ops.ones_like(exp_term[..., :1]), transmittance[..., :-1]], axis=-1)
            weights = alpha * transmittance
            image = ops.sum(weights[..., None] * rgb, axis=-2)
            loss = ops.mean(ops.square(picture - image))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        depth = ops.sum(weights * t_vals, axis=-1)
        found.update({f"loss {step}": loss, f"psnr {step}": ops.psnr(picture, image, max_val=1)})
    return {**found, "image": image, "depth": depth, "gradient": gradients[0]}
