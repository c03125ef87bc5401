import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

/** Measures what tokens.css promises: contrasts in both schemes, and that nothing else names a colour. */

const CSS = new URL("../../../static/css/", import.meta.url);
const tokens = readFileSync(new URL("tokens.css", CSS), "utf8");

type Rgb = [red: number, green: number, blue: number];

function colour(name: string, scheme: "light" | "dark"): Rgb {
  const value = new RegExp(`--${name}: ([^;]+);`).exec(tokens)?.[1];
  assert.ok(value, `--${name} is a token`);
  const forms = [...value.matchAll(/oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)/g)];
  const [, lightness, chroma, hue] = forms[scheme === "dark" ? forms.length - 1 : 0]!.map(Number);
  return linear(lightness! / 100, chroma!, hue!);
}

/** OKLCH to linear sRGB, clipped to what a screen can show. */
function linear(lightness: number, chroma: number, hue: number): Rgb {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const rgb = [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
  return rgb.map((channel) => Math.min(1, Math.max(0, channel))) as Rgb;
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Rgb, other: Rgb): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

const SURFACES = ["paper", "sunken", "raised", "bubble", "hover", "selected"];
const TEXT: [words: string, on: string[]][] = [
  ["ink", [...SURFACES, "danger-soft"]],
  ["ink-soft", SURFACES],
  ["accent-text", SURFACES],
  ["danger-text", ["paper", "raised", "danger-soft"]],
  ["warning-text", ["paper", "warning-soft"]],
  ["success-text", ["success-soft"]],
  ["mention-text", ["mention"]],
  ["on-accent", ["accent", "accent-strong"]],
  ["on-accent-soft", ["accent"]],
  ["on-danger", ["danger", "danger-strong"]],
  ["on-avatar", [0, 1, 2, 3, 4, 5, 6, 7].map((number) => `avatar-${number}`)],
];
const CONTROLS: [edge: string, on: string[]][] = [
  ["edge", ["paper", "sunken", "raised"]],
  ["focus", ["paper", "sunken", "raised", "bubble", "selected"]],
  ["online", ["paper", "sunken", "raised"]],
  ["away", ["paper", "sunken", "raised"]],
];

for (const scheme of ["light", "dark"] as const) {
  test(`words can be read on what they stand on (${scheme})`, () => {
    for (const [words, surfaces] of TEXT)
      for (const surface of surfaces) {
        const ratio = contrast(colour(words, scheme), colour(surface, scheme));
        assert.ok(ratio >= 4.5, `--${words} on --${surface}: ${ratio.toFixed(2)}`);
      }
  });

  test(`controls can be seen on what they stand on (${scheme})`, () => {
    for (const [edge, surfaces] of CONTROLS)
      for (const surface of surfaces) {
        const ratio = contrast(colour(edge, scheme), colour(surface, scheme));
        assert.ok(ratio >= 3, `--${edge} on --${surface}: ${ratio.toFixed(2)}`);
      }
  });
}

/** Every other sheet, without what its comments say. */
const sheets = readdirSync(CSS, { recursive: true, encoding: "utf8" })
  .filter((name) => /(?<!tokens)\.css$/.test(name))
  .map((file) => [file, readFileSync(new URL(file, CSS), "utf8").replace(/\/\*[\s\S]*?\*\//g, "")] as const);

test("no other sheet names a radius", () => {
  for (const [file, sheet] of sheets)
    for (const [rule, value] of sheet.matchAll(/\bborder-[\w-]*radius: ([^;]+)/g)) assert.match(value!, /^var\(--radius-\w+\)$/, `${file}: ${rule}`);
});

test("no other sheet names a colour, and every token that is used exists", () => {
  const known = new Set([...tokens.matchAll(/^ {2}(--[\w-]+):/gm)].map((match) => match[1]));
  for (const [file, sheet] of sheets) {
    assert.equal(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|oklab)a?\(/i.exec(sheet)?.[0], undefined, file);
    for (const [, used] of sheet.matchAll(/var\((--[\w-]+)\)/g)) assert.ok(known.has(used!), `${file} uses ${used}`);
  }
});
