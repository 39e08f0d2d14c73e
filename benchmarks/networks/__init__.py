"""The measured networks, written once, and the frameworks they are built in.

``recipes`` has the networks as calls of a builder; a builder per framework turns the calls into a model. All draw the
same weights in the same order, so that every framework computes the same function of the same numbers.
"""
