"""A convolutional network for the photographs of CIFAR-10: three convolutions, two dense layers, ten epochs.

Run it with ``python examples/cifar10_cnn.py``. The data set is looked for on this machine ($JUANJI_DATA,
~/.cache/juanji, ~/.keras/datasets) and downloaded otherwise.
"""

from juanji.datasets import cifar10
from juanji.utils import to_categorical
from juanji.models import Sequential
from juanji.layers import Conv2D, MaxPooling2D, Flatten, Dense
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train = x_train / 255.0
x_test = x_test / 255.0
y_train = to_categorical(y_train, num_classes=10)
y_test = to_categorical(y_test, num_classes=10)
model = Sequential()
model.add(Conv2D(32, (3, 3), padding='same', activation='relu', input_shape=(32, 32, 3)))
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(64, (3, 3), padding='same', activation='relu'))
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(128, (3, 3), padding='same', activation='relu'))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(512, activation='relu'))
model.add(Dense(10, activation='softmax'))
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
model.fit(x_train, y_train, batch_size=64, epochs=10, validation_data=(x_test, y_test))
accuracy = model.evaluate(x_test, y_test)[1]
print('Accuracy: %.2f' % (accuracy * 100))
