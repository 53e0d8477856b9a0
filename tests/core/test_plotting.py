"""The pictures: what stands where, what tells one line from another, and that a matrix is not drawn transposed."""

import matplotlib
import numpy as np
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt

from attention import plotting
from tests.heeds import heeds

OF = ["attention.plotting"]
YS = {f"line {n}": [n + 1, 10.0 ** (n % 3), 3] for n in range(6)}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()] if axes.get_legend() else None


def grey(colour):
    """How light a colour is, from 0 to 1."""
    return np.dot(colors.to_rgb(colour), (0.299, 0.587, 0.114))


@heeds("lines", "x", "ys", "xlabel", "ylabel", of=OF)
def test_lines():
    figure, axes = plotting.lines([1, 2, 4], YS, "steps", "loss")
    assert figure.axes == [axes]
    assert [line.get_xydata().T.tolist() for line in axes.lines] == [[[1, 2, 4], list(y)] for y in YS.values()]
    assert [line.get_label() for line in axes.lines] == legend(axes) == list(YS)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("steps", "loss")
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")
    for told_apart in ("get_color", "get_marker", "_dash_pattern"):
        found = [getattr(line, told_apart) for line in axes.lines]
        assert len({str(one() if callable(one) else one) for one in found}) == len(YS), told_apart
    assert "" not in {line.get_marker() for line in axes.lines}
    assert axes.lines[0].get_markersize() < 6


def test_a_single_line_has_no_legend():
    assert legend(plotting.lines([1, 2], {"one": [1, 2]}, "x", "y")[1]) is None
    assert legend(plotting.bars(["a"], {"one": [1]}, "y")[1]) is None


@heeds("lines", "logx", "logy", "size", "markers", of=OF)
def test_options_of_lines():
    draw = lambda **options: plotting.lines([1, 2, 4], YS, "x", "y", **options)
    assert draw(logx=True)[1].get_xscale() == "log"
    assert draw(logx=True)[1].get_yscale() == "linear"
    assert draw(logy=True)[1].get_yscale() == "log"
    assert draw(logy=True)[1].get_xscale() == "linear"
    assert {line.get_marker() for line in draw(markers=False)[1].lines} == {""}
    assert draw(size=(3, 2))[0].get_size_inches().tolist() == [3, 2]
    assert draw()[0].get_size_inches().tolist() == [6, 3.4]


@heeds("bars", "names", "groups", "ylabel", "size", of=OF)
def test_bars():
    groups = {f"group {n}": [n + 1, n + 2] for n in range(3)}
    figure, axes = plotting.bars(["left", "right"], groups, "seconds", size=(5, 2))
    assert figure.get_size_inches().tolist() == [5, 2]
    assert plotting.bars(["left"], {"g": [1]}, "s")[0].get_size_inches().tolist() == [6, 3]
    assert axes.get_ylabel() == "seconds"
    assert axes.get_xticks().tolist() == [0, 1]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["left", "right"]
    assert legend(axes) == list(groups)
    edges = []
    for container, heights in zip(axes.containers, groups.values(), strict=True):
        assert [bar.get_height() for bar in container] == heights
        edges += [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in container]
    first, second = sorted(edges)[:3], sorted(edges)[3:]
    for place, of_name in enumerate((first, second)):  # beside each other, around their name, with room to the next
        assert [edge for _, edge in of_name[:-1]] == pytest.approx([edge for edge, _ in of_name[1:]])
        assert (of_name[0][0], of_name[-1][1]) == pytest.approx((place - 0.4, place + 0.4))
    assert [bar.get_x() for bar in axes.patches[::2]] == sorted(bar.get_x() for bar in axes.patches[::2])
    assert len({bar.get_hatch() for bar in axes.patches}) == 3
    assert len({bar.get_facecolor() for bar in axes.patches}) == 3
    assert {colors.to_hex(bar.get_edgecolor()) for bar in axes.patches} == {"#ffffff"}


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(float).mean(-1)


def darkness(figure, axes, rows, columns):
    """How dark each cell of the picture is, row by row as it is seen from above."""
    drawn = pixels(figure)
    box = axes.get_window_extent()
    x = box.x0 + box.width * (np.arange(columns) + 0.1) / columns  # near the left of a cell, beside its number
    y = drawn.shape[0] - box.y1 + box.height * (np.arange(rows) + 0.1) / rows
    return 255 - drawn[y.astype(int)][:, x.astype(int)]


WEIGHTS = np.array([[0.0, 0.25, 0.75], [1.0, 0.5, 0.05]])


@heeds("heatmap", "weights", "rows", "columns", of=OF)
def test_a_row_of_a_heatmap_is_a_query_and_the_first_is_above():
    figure, axes = plotting.heatmap(WEIGHTS, ["q1", "q2"], ["k1", "k2", "k3"], numbers=False)
    seen = darkness(figure, axes, 2, 3)
    assert np.array_equal(seen.argsort(axis=None), WEIGHTS.argsort(axis=None))  # darker is more
    assert seen[0, 0] < 15
    assert [label.get_text() for label in axes.get_xticklabels()] == ["k1", "k2", "k3"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["q1", "q2"]
    assert (axes.get_xticks().tolist(), axes.get_yticks().tolist()) == ([0, 1, 2], [0, 1])
    tops = [label.get_window_extent().y0 for label in axes.get_yticklabels()]
    assert tops[0] > tops[1]


def test_the_scale_of_a_heatmap_goes_from_nothing_to_one():
    seen = [
        darkness(*plotting.heatmap(np.full((1, 1), share), ["q"], ["k"], numbers=False), 1, 1)[0, 0]
        for share in (0.0, 0.5, 1.0)
    ]
    assert seen[0] < 15 < 60 < seen[1] < 150 < seen[2]


@pytest.mark.parametrize("shape", [(3, 2), (2, 2), (3, 3), (6,)])
def test_a_transposed_heatmap_is_refused(shape):
    weights = np.zeros(shape)
    with pytest.raises(ValueError, match=r"^weights must be \(2, 3\), a row for each query: got "):
        plotting.heatmap(weights, ["q1", "q2"], ["k1", "k2", "k3"])


@heeds("heatmap", "numbers", of=OF)
def test_a_number_stands_in_its_own_cell_and_can_be_read():
    _, axes = plotting.heatmap(WEIGHTS, ["q1", "q2"], ["k1", "k2", "k3"])
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (j, i): f"{WEIGHTS[i, j]:.2f}" for i in range(2) for j in range(3)
    }
    cells = axes.images[0].cmap(axes.images[0].norm(WEIGHTS))
    for text in axes.texts:
        j, i = text.get_position()
        assert abs(grey(text.get_color()) - grey(cells[i, j][:3])) > 0.45, text.get_text()
        assert (text.get_ha(), text.get_va()) == ("center", "center")
    assert not plotting.heatmap(WEIGHTS, ["q1", "q2"], ["k1", "k2", "k3"], numbers=False)[1].texts


@heeds("heatmap", "xlabel", "ylabel", "size", of=OF)
def test_options_of_a_heatmap():
    draw = lambda **options: plotting.heatmap(WEIGHTS, ["q1", "q2"], ["k1", "k2", "k3"], **options)
    _, axes = draw(xlabel="what was read", ylabel="what was written")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("what was read", "what was written")
    _, axes = draw()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("", "")
    assert draw(size=(5, 2))[0].get_size_inches().tolist() == [5, 2]
    small = draw()[0].get_size_inches()
    large = plotting.heatmap(np.zeros((4, 9)), "abcd", "abcdefghi")[0].get_size_inches()
    assert small.tolist() == pytest.approx([1.6 + 0.55 * 3, 1.2 + 0.42 * 2])
    assert large.tolist() == pytest.approx([1.6 + 0.55 * 9, 1.2 + 0.42 * 4])


@pytest.mark.parametrize(("columns", "rotation"), [(["abc", "de"], 0), (["abcd", "e"], 45)])
def test_long_names_of_keys_are_turned(columns, rotation):
    _, axes = plotting.heatmap(np.zeros((1, 2)), ["a long name"], columns)
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {rotation}
    assert {label.get_rotation() for label in axes.get_yticklabels()} == {0}
    assert {label.get_ha() for label in axes.get_xticklabels()} == {"center"}


def test_a_heatmap_has_no_frame_and_no_ticks():
    _, axes = plotting.heatmap(WEIGHTS, ["q1", "q2"], ["k1", "k2", "k3"])
    assert not any(spine.get_visible() for spine in axes.spines.values())
    assert {tick.tick1line.get_markersize() for tick in axes.xaxis.get_major_ticks()} == {0}


def test_pictures_have_a_light_ground_for_dark_pages_and_no_frame():
    for figure, axes in (plotting.lines([1, 2], {"a": [1, 2]}, "x", "y"), plotting.bars(["a"], {"b": [1]}, "y")):
        assert colors.to_hex(figure.get_facecolor()) == "#ffffff"
        assert pixels(figure)[0, 0] == 255
        assert [axes.spines[side].get_visible() for side in ("left", "bottom", "top", "right")] == [1, 1, 0, 0]
        assert figure.get_dpi() == 110
        assert not any(line.get_visible() for line in axes.get_xgridlines())
    assert matplotlib.rcParams["savefig.facecolor"] == "white"
    assert matplotlib.rcParams["font.size"] == 10
    assert legend_frame(plotting.lines([1, 2], {"a": [1, 2], "b": [2, 3]}, "x", "y")[1]) is False


def legend_frame(axes):
    return axes.get_legend().get_frame_on()


def test_the_colours_are_those_of_okabe_and_ito():
    """In print they differ in more than colour; here they must be the ones that the colour-blind can tell apart."""
    palette = {"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#000000"}
    _, axes = plotting.lines([1, 2, 4], YS, "x", "y")
    assert {colors.to_hex(line.get_color()) for line in axes.lines} <= palette


def test_contents_fit_into_the_figure():
    long = ["a rather long name"] * 3
    for figure, axes in (
        plotting.heatmap(np.zeros((2, 3)), long[:2], long),
        plotting.lines([1, 2], YS_OF_TWO, "a label", "a label"),
        plotting.bars(long, {"a": [1, 2, 3]}, "a label"),
    ):
        figure.canvas.draw()
        outer, inner = figure.bbox, axes.get_tightbbox()
        assert outer.x0 <= inner.x0
        assert outer.y0 <= inner.y0
        assert inner.x1 <= outer.x1
        assert inner.y1 <= outer.y1


YS_OF_TWO = {"a": [1, 2], "b": [2, 1]}
