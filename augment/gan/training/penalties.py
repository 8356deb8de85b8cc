"""Penalties on the slope of the discriminator: R1, R2 and the one-centred penalty, without double backward.

A penalty p depends on D's weights through the slope g = dD/dx of each image, so its gradient is that
of <v, g> with v = dp/dg held fixed: the derivative of D along v, which forward mode computes
(Pearlmutter 1994, "Fast exact multiplication by the Hessian"). So ordinary convolutions suffice.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.autograd import forward_ad

from augment.gan.networks.build import Discriminator
from augment.gan.networks.directional import dual, split_dual

Centre = Literal["zero_centred", "one_centred"]
MIN_SLOPE_NORM = 1e-12  # a flat D has slopes of length 0, and no direction in which to steepen


def input_grads_of(scores: Tensor, images: Tensor) -> Tensor:
    """dD/dx of each image, float (N, C, H, W), of scores float (N,) that hang on `images`; the graph is kept."""
    (input_grads,) = torch.autograd.grad(scores.sum(), images, retain_graph=True)
    return input_grads


def add_penalty_gradient(
    discriminator: Discriminator, images: Tensor, input_grads: Tensor, centre: Centre, weight: float
) -> None:
    """Add to the gradient of D's weights that of the weighted sum of the images' penalties.

    zero_centred: 1/2 ||dD/dx||^2, R1 on real images, R2 on fakes (Mescheder et al. 2018, arXiv:1801.04406,
    eq. 9). one_centred: (||dD/dx|| - 1)^2 (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3, second part).
    images, input_grads: float (N, C, H, W), dD/dx at the images.
    """
    if centre == "zero_centred":
        direction = weight * input_grads
    else:
        norms = torch.linalg.vector_norm(input_grads, dim=(1, 2, 3), keepdim=True)
        direction = weight * 2 * (1 - 1 / norms.clamp(min=MIN_SLOPE_NORM)) * input_grads
    with forward_ad.dual_level():
        _, along = split_dual(discriminator(dual(images.detach(), direction.detach())))
    assert along is not None
    torch.autograd.backward(along.float().sum())  # along (N,): D's derivative along each direction


def interpolates(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """A random point on the line between each real image and its fake, (N, C, H, W) (Gulrajani et al. 2017, sec. 4)."""
    share = torch.rand((len(real), 1, 1, 1), generator=rng, device=real.device)
    between: Tensor = torch.lerp(fake, real, share)
    return between
