import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const FRONTEND = new URL("../../", import.meta.url);

function sources(folder: string): [name: string, text: string][] {
  const names = readdirSync(new URL(folder, FRONTEND)).filter((name) => name.endsWith(".ts"));
  return names.map((name) => [name, readFileSync(new URL(folder + name, FRONTEND), "utf8")]);
}

/** What a module imports from outside its own folder, and whether only types. */
function imports(text: string): { from: string; typesOnly: boolean }[] {
  const found = text.matchAll(/^import (type )?([^;]*?)from "([^"]+)"/gms);
  return [...found].map(([, types, names, from]) => ({
    from: from!,
    typesOnly: types !== undefined || /^\{(?:\s*type \w+,?)+\s*\}\s*$/.test(names!),
  }));
}

test("stores import the connection, the protocol and each other, and nothing that draws", () => {
  for (const [name, text] of sources("stores/"))
    for (const { from } of imports(text)) assert.match(from, /^\.\.\/(connection|protocol)\.js$|^\.\//, `${name} imports ${from}`);
});

test("elements import the protocol and each other; stores and the client as types only", () => {
  for (const [name, text] of sources("elements/"))
    for (const { from, typesOnly } of imports(text)) {
      const values = /^(\.\/|\.\.\/protocol\.js$|lit|marked$|icon:)/.test(from);
      assert.ok(values || typesOnly, `${name} imports ${from}`);
    }
});

test("nothing turns a string into markup or code", () => {
  for (const folder of ["./", "stores/", "elements/"])
    for (const [name, text] of sources(folder))
      assert.equal(/innerHTML|outerHTML|insertAdjacentHTML|unsafeHTML|unsafeSVG|unsafeStatic|\beval\(|new Function/.exec(text)?.[0], undefined, name);
});
