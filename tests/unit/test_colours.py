"""Colours: one per persona, told apart by everyone, and text that can be read on every ground."""

import itertools

import numpy as np
import pytest

from personapulse.colours import load_colours, of_personas
from personapulse.personas import load_rule_sets

# How people who lack one kind of cone see: Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
SEEN_WITHOUT = {
    "nothing": np.eye(3),
    "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# OKLab, Ottosson 2020
TO_CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def linear(colour: str) -> np.ndarray:
    part = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, without: str) -> np.ndarray:
    seen = np.clip(np.array(SEEN_WITHOUT[without]) @ linear(colour), 0, 1)
    return np.array(TO_LAB) @ np.cbrt(np.array(TO_CONES) @ seen) * 100


def test_every_persona_of_every_rule_set_has_a_colour_of_its_own():
    rule_sets = load_rule_sets().values()
    personas = {rule.persona for rules in rule_sets for rule in (*rules.rules, rules.otherwise)}
    assert personas == set(load_colours()["personas"])
    assert len(set(of_personas(personas).values())) == len(personas)


@pytest.mark.parametrize("without", SEEN_WITHOUT)
def test_personas_are_told_apart_by_people_who_lack_a_colour(without):
    colours = load_colours()["personas"].values()
    nearest = min(
        float(np.linalg.norm(lab(one, without) - lab(other, without)))
        for one, other in itertools.combinations(colours, 2)
    )
    assert nearest > 8.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa_and_no_persona_gets_lost(theme):
    colours = load_colours()
    grounds = (colours[theme]["page"], colours[theme]["surface"])
    texts = {name: colours[theme][name] for name in ("ink", "quiet", "accent", "good", "warn", "bad")}
    for name, text in texts.items():
        assert min(contrast(text, ground) for ground in grounds) >= 4.5, name
    for persona, colour in colours["personas"].items():
        assert min(contrast(colour, ground) for ground in grounds) >= 1.75, persona
