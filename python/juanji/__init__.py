"""juanji: convolutional networks on ordinary CPUs."""
