import "./dom.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "lit";
import { type Mention, markdown, safeLink } from "../elements/markdown.js";

function drawn(body: string, mentions: Mention[] = []): HTMLElement {
  const place = document.createElement("div");
  render(markdown(body, mentions), place);
  return place;
}

function tags(body: string): string[] {
  return [...drawn(body).querySelectorAll("*")].map((element) => element.localName);
}

test("emphasis, code, lists, quotes and links are drawn", () => {
  const place = drawn("**bold** *soft* ~~gone~~ `code`\n\n- one\n- two\n\n> quoted\n\n[a link](https://example.org/x)");
  assert.equal(place.querySelector("strong")?.textContent, "bold");
  assert.equal(place.querySelector("em")?.textContent, "soft");
  assert.equal(place.querySelector("del")?.textContent, "gone");
  assert.equal(place.querySelector("p code")?.textContent, "code");
  assert.deepEqual([...place.querySelectorAll("ul li")].map((item) => item.textContent?.trim()), ["one", "two"]);
  assert.equal(place.querySelector("blockquote")?.textContent?.trim(), "quoted");
  assert.equal(place.querySelector("a")?.href, "https://example.org/x");
});

test("a line break is a line break, and an ordered list keeps its number", () => {
  assert.ok(tags("one\ntwo").includes("br"));
  assert.equal(drawn("3. three\n4. four").querySelector("ol")?.getAttribute("start"), "3");
});

test("code keeps every character and can be copied", () => {
  const place = drawn("```\nif (a < b) { &amp; }\n```");
  assert.equal(place.querySelector("pre code")?.textContent, "if (a < b) { &amp; }");
  assert.ok(place.querySelector("button[data-copy]"));
});

test("what looks like an entity is the text that was typed", () => {
  for (const body of ["&#x41;", "&lt;", "a &amp; b", "`&lt;`", "**&#65;**", "- &copy;", "&nbsp;|", "\\&lt;", "# &gt; \\# x"])
    assert.equal(drawn(body).textContent, body.replace(/^[-#] |[`*\\]/g, ""), body);
});

test("a fence around nothing is the text that was typed", () => {
  for (const body of ["```", "```\n```", "```js", "~~~"]) {
    const place = drawn(body);
    assert.ok(!place.querySelector(".code"), body);
    assert.equal(place.textContent, body);
  }
});

test("markup is text", () => {
  const bodies = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a <b>bold</b> b",
    "<iframe src='https://evil.example'></iframe>\n\n<style>*{}</style>",
    "<!-- comment -->",
    "<svg/onload=alert(1)>",
  ];
  for (const body of bodies) {
    const place = drawn(body);
    for (const name of ["script", "img", "b", "iframe", "style", "svg"]) assert.equal(place.querySelector(name), null, body);
    assert.equal(place.textContent?.replace(/\s+/g, ""), body.replace(/\s+/g, ""));
  }
});

test("a link goes to http, https or mailto, and nowhere else", () => {
  for (const href of ["https://a.example/", "http://a.example/", "mailto:a@b.example"]) assert.ok(safeLink(href), href);
  const unsafe = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)", "data:text/html,x"];
  for (const href of [...unsafe, "vbscript:x", "file:///etc/passwd", "//evil.example", "/relative", ""]) assert.equal(safeLink(href), null, href);
  assert.equal(drawn("[click](javascript:alert(1))").querySelector("a"), null);
  assert.equal(drawn("<javascript:alert(1)>").querySelector("a"), null);
});

test("links open apart and vouch for nobody", () => {
  const link = drawn("https://example.org").querySelector("a")!;
  assert.equal(link.rel, "noopener nofollow ugc");
  assert.equal(link.target, "_blank");
});

test("an image is named, never loaded", () => {
  const place = drawn("![a cat](https://example.org/cat.png)");
  assert.equal(place.querySelector("img"), null);
  assert.equal(place.querySelector("a")?.textContent, "a cat");
});

test("tables, definitions and underlined headings are the text that was written", () => {
  assert.ok(!tags("| a | b |\n|---|---|\n| 1 | 2 |").includes("table"));
  assert.match(drawn("[x]: https://example.org").textContent!, /\[x\]:/);
  assert.match(drawn("words\n---").textContent!, /words/);
});

test("a mention is marked, the reader's own more so, whatever the case", () => {
  const ada = { name: "Ada Lovelace", self: true };
  const place = drawn("hi @ada lovelace and @Bob Kahn", [ada, { name: "Bob Kahn", self: false }]);
  assert.deepEqual([...place.querySelectorAll(".mention")].map((each) => each.textContent), ["@ada lovelace", "@Bob Kahn"]);
  assert.deepEqual([...place.querySelectorAll(".mention--self")].map((each) => each.textContent), ["@ada lovelace"]);
});

test("who is not named by the server is not marked, nor in code, nor within a longer word", () => {
  const bob = { name: "Bob", self: false };
  assert.equal(drawn("@Ada").querySelector(".mention"), null);
  assert.equal(drawn("`@Bob`", [bob]).querySelector(".mention"), null);
  assert.equal(drawn("@Bobby", [bob]).querySelector(".mention"), null);
});

test("a name with signs in it is a name, not a pattern", () => {
  assert.equal(drawn("@A.* (x)", [{ name: "A.* (x)", self: false }]).querySelector(".mention")?.textContent, "@A.* (x)");
});

test("text made to hang or overflow the page is drawn in a moment", () => {
  const hostile = [">".repeat(5000), "- ".repeat(2500), "[".repeat(5000), "*a ".repeat(1600), "**".repeat(2500), "`".repeat(5000),
    "![".repeat(2500), "_".repeat(5000) + "a", "a@".repeat(2500), "http://".repeat(700), "<a ".repeat(1600), "~~a".repeat(1600)]; // prettier-ignore
  for (const body of hostile) {
    const begun = process.cpuUsage().user;
    assert.ok(drawn(body).textContent !== null);
    const milliseconds = (process.cpuUsage().user - begun) / 1000;
    assert.ok(milliseconds < 2000, `${body.slice(0, 8)}… took ${Math.round(milliseconds)} ms`);
  }
});
