import "./dom.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { GrowingMarkdown } from "../elements/growing-markdown.js";
import { answerBlocks } from "../elements/markdown.js";

const ANSWER = `Two things [1]:

1. \`appendonly yes\`
2. a second

   with a paragraph of its own

- loose

- list
lazy line

## Check

\`\`\`sh
redis-cli

get
\`\`\`
| a | b |
|---|---|
| 1 | 2 |

> quoted
> more

Done.`;

test("read letter by letter it ends with the blocks of the whole, and what was finished never changed", () => {
  const growing = new GrowingMarkdown();
  let finished: readonly unknown[] = [];
  for (let end = 1; end <= ANSWER.length; end++) {
    const blocks = growing.read(ANSWER.slice(0, end)).map(({ token }) => token);
    for (const [index, token] of finished.entries()) assert.equal(blocks[index], token, `after ${end} letters`);
    finished = blocks.slice(0, -1);
  }
  const raws = growing.read(ANSWER).map(({ token }) => [token.type, token.raw.trim()]);
  const whole = answerBlocks(ANSWER).filter(({ type }) => type !== "space");
  assert.deepEqual(raws, whole.map(({ type, raw }) => [type, raw.trim()]));
});

test("a text that is not the former one grown keeps the blocks before the first difference", () => {
  const growing = new GrowingMarkdown();
  const [first] = growing.read("one\n\ntwo\n\nthree");
  const blocks = growing.read("one\n\n2\n\nthree");
  assert.equal(blocks[0], first);
  assert.deepEqual(blocks.map(({ token }) => token.raw.trim()), ["one", "2", "three"]);
});
