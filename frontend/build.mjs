/**
 * Builds static/dist: app.js, and refresh.js for the server's pages; or with --tests one file per test into build/test.
 *
 * `import send from "icon:send"` is a Lit template with that lucide icon's shapes: drawn at build time, so that the page
 * carries only the icons it uses and nothing turns a string into markup while it runs.
 */
import { readFile, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

const icons = {
  name: "icons",
  setup(build) {
    build.onResolve({ filter: /^icon:/ }, ({ path }) => ({ path: path.slice(5), namespace: "icon" }));
    build.onLoad({ filter: /.*/, namespace: "icon" }, async ({ path }) => {
      const file = await readFile(join(here, "node_modules/lucide-static/icons", `${path}.svg`), "utf8");
      const shapes = file.slice(file.indexOf(">", file.indexOf("<svg")) + 1, file.lastIndexOf("</svg>"));
      const drawing = shapes.replace(/\s+/g, " ").replace(/ \/>/g, "/>").trim();
      return { contents: `import { svg } from "lit"; export default svg\`${drawing}\`;`, resolveDir: here, loader: "js" };
    });
  },
};

/** We speak WebSocket only: leave the transports out that would never be used. */
const websocketOnly = {
  name: "websocket-only",
  setup(build) {
    build.onLoad({ filter: /engine\.io-client\/build\/esm\/transports\/index\.js$/ }, () => ({
      contents: 'import { WS } from "./websocket.js"; export const transports = { websocket: WS };',
      loader: "js",
    }));
  },
};

/** Of marked we use the lexer; its ready-made instance would keep parser and renderer in the page for nothing. */
const lexerOnly = {
  name: "lexer-only",
  setup(build) {
    build.onLoad({ filter: /marked\/lib\/marked\.esm\.js$/ }, async ({ path }) => {
      const [, classes, exported] = /^(.*;)var \w+=new \w+;function .*export(\{.*\});/s.exec(await readFile(path, "utf8")) ?? [];
      const names = exported?.match(/[\w$]+ as (?:Lexer|Tokenizer)\b/g);
      if (names?.length !== 2) throw new Error("marked is built otherwise than it was: see lexerOnly in build.mjs");
      return { contents: `${classes}export{${names.join(",")}};`, loader: "js" };
    });
  },
};

const shared = { bundle: true, format: "esm", target: "es2022", plugins: [icons, lexerOnly], logLevel: "warning", absWorkingDir: here };

const app = {
  ...shared,
  plugins: [...shared.plugins, websocketOnly],
  entryPoints: ["app.ts", "refresh.ts"],
  outdir: "../static/dist",
  minify: true,
  sourcemap: true,
  legalComments: "linked",
};

async function buildTests() {
  await rm(join(here, "build"), { recursive: true, force: true });
  const names = (await readdir(join(here, "test"))).filter((name) => name.endsWith(".test.ts"));
  await esbuild.build({
    ...shared,
    entryPoints: names.map((name) => `test/${name}`),
    outdir: "build/test",
    platform: "node",
    external: ["happy-dom", "fake-indexeddb", "socket.io", "socket.io-client", "node:*"],
    conditions: ["browser"],
    mainFields: ["browser", "module", "main"],
    sourcemap: "inline",
  });
}

if (process.argv.includes("--tests")) await buildTests();
else if (process.argv.includes("--watch")) await (await esbuild.context(app)).watch();
else {
  await esbuild.build(app);
  const size = gzipSync(await readFile(join(here, "../static/dist/app.js")), { level: 9 }).length;
  console.log(`static/dist/app.js  ${(size / 1024).toFixed(1)} KB gzip`);
}
