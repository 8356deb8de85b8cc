"""Pretrained networks: what they see of images, and their last layers to train on."""
