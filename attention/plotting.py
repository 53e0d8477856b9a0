"""The few kinds of picture that the book uses: readable in grey, by the colour-blind, and on a dark page."""

from matplotlib import pyplot as plt

# The palette of Okabe and Ito (2008), safe for the colour-blind; line styles and markers tell lines apart in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++")

plt.rcParams.update(
    {
        "figure.dpi": 110,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "legend.frameon": False,
    }
)


def lines(x, ys, xlabel, ylabel, logx=False, logy=False, size=(6, 3.4), markers=True):
    """One line for each entry of `ys`, a dict {label: values}; each with a colour, a style and a marker of its own."""
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    for (label, y), colour, style, marker in zip(ys.items(), COLOURS, STYLES, MARKERS, strict=False):
        axes.plot(x, y, color=colour, linestyle=style, marker=marker if markers else "", markersize=4, label=label)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale="log" if logx else "linear", yscale="log" if logy else "linear")
    if len(ys) > 1:
        axes.legend()
    return figure, axes


def bars(names, groups, ylabel, size=(6, 3)):
    """Groups of bars beside each other: `groups` is a dict {label: one height for each name}."""
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    width = 0.8 / len(groups)
    for place, ((label, heights), colour, hatch) in enumerate(zip(groups.items(), COLOURS, HATCHES, strict=False)):
        left = [index + (place - (len(groups) - 1) / 2) * width for index in range(len(names))]
        axes.bar(left, heights, width, color=colour, hatch=hatch, edgecolor="white", label=label)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel(ylabel)
    if len(groups) > 1:
        axes.legend()
    return figure, axes


def heatmap(weights, rows, columns, xlabel="", ylabel="", numbers=True, size=None):
    """Weights (T, S) as a grid, darker is more, a row for each query and a column for each key."""
    if weights.shape != (len(rows), len(columns)):
        raise ValueError(f"weights must be ({len(rows)}, {len(columns)}), a row for each query: got {weights.shape}")
    size = size or (1.6 + 0.55 * len(columns), 1.2 + 0.42 * len(rows))
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=45 if max(map(len, columns)) > 3 else 0, ha="center")
    axes.set_yticks(range(len(rows)), rows)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if numbers:
        for i, row in enumerate(weights):
            for j, weight in enumerate(row):
                axes.text(j, i, f"{weight:.2f}", ha="center", va="center", color="white" if weight > 0.55 else "black")
    return figure, axes
