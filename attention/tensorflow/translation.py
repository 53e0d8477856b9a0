"""Translation as a task for a learner (chapter 09)."""

import tensorflow as tf

from attention.data.tokenizer import decode
from attention.evaluation.bleu import bleu
from attention.tensorflow.decoding import greedy
from attention.tensorflow.recurrent import Seq2Seq, sequence_loss

TOKENS, LENGTHS = tf.TensorSpec([None, None], tf.int64), tf.TensorSpec([None], tf.int64)


class Translation:
    """What is learned from pairs of sentences: a `Seq2Seq`, by the loss of each next token.

    Parameters
    ----------
    corpus : `attention.experiments.translation.Corpus`
    """

    name, score = "translation", "bleu"
    signature = TOKENS, LENGTHS, TOKENS  # sentences of any number and length

    def __init__(self, corpus):
        self.corpus, self.settings = corpus, corpus.settings
        self.fingerprint, self.metadata = corpus.fingerprint, corpus.metadata

    def batches(self, first):
        """Training batches without end, from step `first` on."""
        return self.corpus.batches(first)

    def model(self):
        """The model with its first weights."""
        return Seq2Seq(**self.corpus.sizes(), dropout=self.settings.dropout, seed=self.settings.seed)

    def loss(self, model, batch):
        """The mean loss for a token of a batch, smoothed."""
        source, lengths, target = batch
        logits, _ = model(source, lengths, target[:, :-1], training=True)  # the decoder has seen what is before …
        return sequence_loss(logits, target[:, 1:], self.settings.smoothing)  # … what it should write

    def validate(self, model):
        """The mean loss for a token, and the BLEU of the greedy translations, over the validation pairs."""
        total = count = 0
        translations, references = [], []
        for batch in self.corpus.validation_batches():
            source, lengths, target = map(tf.constant, batch)
            tokens = int(tf.math.count_nonzero(target[:, 1:]))
            total += tokens * float(sequence_loss(model(source, lengths, target[:, :-1])[0], target[:, 1:]))
            count += tokens
            written, _ = greedy(model, source, lengths, limit=2 * source.shape[1] + 10)
            translations += [decode(self.corpus.tokenizer, row) for row in written.numpy().tolist()]
            references += [decode(self.corpus.tokenizer, row) for row in target[:, 1:].numpy().tolist()]
        return {"loss": total / count, "bleu": bleu(translations, references)[0]}
