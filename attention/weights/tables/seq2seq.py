"""`Seq2Seq`: a GRU encoder, additive attention and a GRU decoder (chapter 09)."""

MODEL, FILE = "Seq2Seq", "recurrent"


def shapes(vocabulary, width, encoder_width):
    """The name and shape of every weight of `Seq2Seq`: M = `width`, N = `encoder_width`, matrices (in, out)."""
    V, M, N = vocabulary, width, encoder_width
    table = {"embedding": (V, M)}
    for direction in ("forward", "backward"):
        table |= {
            f"encoder.{direction}.input_weight": (M, 3 * N),
            f"encoder.{direction}.state_weight": (N, 3 * N),
            f"encoder.{direction}.input_bias": (3 * N,),
            f"encoder.{direction}.state_bias": (3 * N,),
        }
    return table | {
        "decoder.initial_weight": (N, M),
        "decoder.initial_bias": (M,),
        "decoder.query_weight": (M, M),
        "decoder.key_weight": (2 * N, M),
        "decoder.score_weight": (M,),
        "decoder.embedding_weight": (M, 3 * M),
        "decoder.context_weight": (2 * N, 3 * M),
        "decoder.state_weight": (M, 3 * M),
        "decoder.input_bias": (3 * M,),
        "decoder.state_bias": (3 * M,),
        "decoder.readout_weight": (2 * M + 2 * N, M),
        "decoder.readout_bias": (M,),
        "output_bias": (V,),
    }
