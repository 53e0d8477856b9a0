"""The card of a stored model, any model: written from its JSON of measured figures and from nothing else."""

CARD = """# {name}

{summary}, trained with
{framework}. {parameters:,} parameters, stored in float16 ({megabytes:.1f} MB), computed in float32.

{figures}

{note}

## How it was made

    {command}

Seed {seed}; {hours:.1f} hours on {machine}. Settings: {settings}.

{curve}

The weights stored are a moving average of those trained, at the step with the best score on validation data.

## Data and terms

{terms}

## Checksums (SHA-256)

{checksums}
"""


def card(result, summary, figures, note, curve, terms):
    """The text of a card.

    Parameters
    ----------
    result : dict, the model's JSON, with name, framework, parameters, bytes, command, machine, settings, curve, sha256
    summary : what the model is, the beginning of a sentence
    figures : table, a list of rows of which the first is the head
    note : how the figures came about
    curve : {column of the curve: (its title, its format)}
    terms : where the data come from, and what they allow
    """
    points = [[title for title, _ in curve.values()]]
    points += [[format(point[name], form) for name, (_, form) in curve.items()] for point in result["curve"]]
    checksums = [["file", "checksum"], *([name, f"`{value}`"] for name, value in result["sha256"].items())]
    return CARD.format(
        **{key: result[key] for key in ("name", "framework", "parameters", "command", "machine")},
        summary=summary,
        note=note,
        terms=terms,
        megabytes=result["bytes"] / 1e6,
        seed=result["settings"]["seed"],
        hours=result["curve"][-1]["seconds"] / 3600,
        settings=", ".join(f"{key} {value}" for key, value in result["settings"].items() if key != "seed"),
        figures=table(figures),
        curve=table(points),
        checksums=table(checksums),
    )


def table(rows):
    """Rows as Markdown, the first being the head."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])
