"""Teaching `Seq2Seq` to translate (chapter 09)."""

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attention.data.tokenizer import decode
from attention.evaluation.bleu import bleu
from attention.experiments import loop
from attention.experiments.translation import Corpus, Settings
from attention.inputs import InputError
from attention.pytorch.decoding import greedy
from attention.pytorch.recurrent import Seq2Seq, sequence_loss


def train(settings: Settings, corpus: Corpus, path, device="cpu", resume=False):
    """Train, and keep the weights with the best validation BLEU in `path`: see `attention.experiments.loop`."""
    return loop.train(Learner(settings, device), settings, corpus, path, resume)


class Learner:
    """A model that learns, a moving average of it, and the optimiser."""

    framework, packages, sizes = "pytorch", ("numpy", "torch"), ()

    def __init__(self, settings, device="cpu"):
        torch.manual_seed(settings.seed)
        self.settings, self.device = settings, device
        self.model = Seq2Seq(**settings.sizes(), dropout=settings.dropout, seed=settings.seed).to(device)
        self.average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(settings.average))
        self.optimizer = torch.optim.Adam(self.model.parameters(), betas=(0.9, 0.98))

    def step(self, batch, rate):
        """Learn from one batch; its loss."""
        loss = train_step(self.model, self.optimizer, self.settings, rate, batch, self.device)
        self.average.update_parameters(self.model)
        return loss

    def validate(self, corpus):
        return validate(self.average.module, corpus, self.device)

    def weights(self):
        return self.average.module.named_weights()

    def arrays(self):
        """All that training changes, {name: array}."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for number, held in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in held.items()}
        tensors["random"] = torch.get_rng_state()
        if self.device == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        return {name: tensor.numpy(force=True) for name, tensor in tensors.items()}

    def load(self, arrays):
        """Go on from what `arrays` gave."""
        tensors = {name: torch.tensor(array) for name, array in arrays.items()}

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
        if "random.cuda" in tensors and self.device == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"])


def choose_device(name):
    """ "cpu" or "cuda"; "auto" is cuda where there is a GPU.

    Raises
    ------
    InputError : "cuda" was asked for and there is none
    """
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise InputError("device cuda was asked for, but PyTorch finds no GPU")
    return "cuda" if name != "cpu" and found else "cpu"


def train_step(model, optimizer, settings, rate, batch, device="cpu"):
    """One step of Adam down the gradient of the loss of one batch; the loss."""
    source, lengths, target = (torch.as_tensor(part, device=device) for part in batch)
    model.train()
    logits, _ = model(source, lengths, target[:, :-1])  # the decoder has seen what is before …
    loss = sequence_loss(logits, target[:, 1:], settings.smoothing)  # … what it should write
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return loss.item()


@torch.no_grad()
def validate(model, corpus, device="cpu"):
    """The mean loss for a token, and the BLEU of the greedy translations, over the validation pairs."""
    model.eval()
    total = count = 0
    translations, references = [], []
    for batch in corpus.validation_batches():
        source, lengths, target = (torch.as_tensor(part, device=device) for part in batch)
        tokens = (target[:, 1:] != 0).sum().item()
        total += tokens * sequence_loss(model(source, lengths, target[:, :-1])[0], target[:, 1:]).item()
        count += tokens
        written, _ = greedy(model, source, lengths, limit=2 * source.shape[1] + 10)
        translations += [decode(corpus.tokenizer, row) for row in written.tolist()]
        references += [decode(corpus.tokenizer, row) for row in target[:, 1:].tolist()]
    return total / count, bleu(translations, references)[0]
