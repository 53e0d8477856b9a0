"""Learning, whatever is learned: a learner for the loop in `attention.experiments.loop` (chapter 09)."""

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class Learner:
    """A model that learns by Adam, and a moving average of it, which is what is validated and stored.

    Parameters
    ----------
    task : what is learned, with all that `attention.experiments.loop` says; its `settings` have `seed`, `clip` and
        `average`
    """

    framework, packages = "pytorch", ("numpy", "torch")

    def __init__(self, task):
        self.task, self.settings = task, task.settings
        torch.manual_seed(self.settings.seed)
        self.model = task.model()
        moving = get_ema_multi_avg_fn(self.settings.average)
        self.average = AveragedModel(self.model, multi_avg_fn=moving, use_buffers=True)  # statistics go along
        self.optimizer = torch.optim.Adam(self.model.parameters(), betas=(0.9, 0.98))

    def step(self, batch, rate):
        """Learn from one batch; its loss."""
        loss = train_step(self.task, self.model, self.optimizer, self.settings.clip, rate, batch)
        self.average.update_parameters(self.model)
        return loss

    def validate(self):
        """The task's figures, of the average."""
        self.average.eval()
        with torch.no_grad():
            return self.task.validate(self.average.module)

    def weights(self):
        """{name: array} of the average."""
        return self.average.module.named_weights()

    def arrays(self):
        """All that training changes, {name: array}."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for number, held in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in held.items()}
        tensors["random"] = torch.get_rng_state()
        if torch.get_default_device().type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        return {name: tensor.numpy(force=True) for name, tensor in tensors.items()}

    def load(self, arrays):
        """Go on from what `arrays` gave."""
        tensors = {name: torch.tensor(array, device="cpu") for name, array in arrays.items()}

        def part(prefix):
            return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}

        self.model.load_state_dict(part("model."))
        self.average.load_state_dict(part("average."))
        held = {}
        for name, tensor in part("optimizer.").items():
            number, name = name.split(".", 1)
            held.setdefault(int(number), {})[name] = tensor
        self.optimizer.load_state_dict({"state": held, "param_groups": self.optimizer.state_dict()["param_groups"]})
        torch.set_rng_state(tensors["random"])
        if "random.cuda" in tensors and torch.get_default_device().type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"])


def train_step(task, model, optimizer, clip, rate, batch):
    """One step down the gradient of the loss of one batch, which is cut to the length `clip`; the loss."""
    model.train()
    loss = task.loss(model, batch)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return loss.item()
