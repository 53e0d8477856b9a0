"""A fourth set of answers to the exercises of chapter 4; beside a wrong one stands where it is wrong."""

import sys
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial, reduce
from itertools import accumulate

import scipy.linalg
import scipy.ndimage
import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("04")
wrong, right = answers.unlisted, answers.right
wrong_tf, right_tf = partial(wrong, framework="tensorflow"), partial(right, framework="tensorflow")
wrong_pt, right_pt = partial(wrong, framework="pytorch"), partial(right, framework="pytorch")
INF = float("inf")


# padding_by_hand

answers.by_hand(
    "padding_by_hand",
    right={
        "hand_fractions_and_whole": [Fraction(6, 8), Fraction(6, 12), Fraction(4, 12), Fraction(8, 12)],
        "hand_decimals": (Decimal("0.750"), Decimal("0.500"), Decimal("0.333"), Decimal("0.667")),
        "hand_float32": np.array([3 / 4, 1 / 2, 1 / 3, 2 / 3], np.float32),
        "hand_numpy_scalars": [np.float64(0.75), np.float64(0.5), np.float64(1 / 3), np.float64(2 / 3)],
    },
    wrong={
        "hand_batch_first": [1 / 2, 3 / 4, 1 / 3, 2 / 3],
        "hand_shares_of_scores": [np.log(6) / np.log(12), np.log(6) / np.log(12), 0.0, 1.0],
        "hand_second_word": [1 / 4, 1 / 6, 1 / 3, 2 / 3],
        "hand_padding_weighs_nothing": [3 / 4, 3 / 4, 0, 1],
        "hand_one_place_of_padding": [3 / 4, 1 / 2, 1 / 12, 2 / 3],
        "hand_length_of_the_first_weight": [3 / 4, 1 / 2, 1 / 3, 1 / 2],
        "hand_padding_over_words": [3 / 4, 1 / 2, 1 / 2, 2 / 3],
        "hand_length_that_is_lost": [3 / 4, 1 / 2, 1 / 3, 1 / 3],
        "hand_longer_by": [3 / 4, 1 / 2, 1 / 3, 3 / 2],
        "hand_length_squared": [3 / 4, 1 / 2, 1 / 3, 4 / 9],
        "hand_two_places": [0.75, 0.5, 0.33, 0.67],
        "hand_rounded_up": [0.75, 0.5, 0.334, 0.667],
        "hand_six_of_padding": [3 / 4, 6 / 14, 6 / 14, 8 / 14],
        "hand_length_is_the_same": [3 / 4, 1 / 2, 1 / 3, 1.0],
        "hand_per_cent": [75, 50, 33.333, 66.667],
        "hand_five_numbers": [3 / 4, 1 / 2, 1 / 12, 1 / 3, 2 / 3],
        "hand_complex": [0.75, 0.5, 1 / 3, 2 / 3 + 1j],
    },
)
