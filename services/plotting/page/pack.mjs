// Packs the page into one file: `node pack.mjs <file>`. The same package-lock.json gives the same bytes. The licence of
// the packed library is in the file, as a comment.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Browsers of March 2022: Array.prototype.at came last. src/old.js tells older ones so. */
const BROWSERS = ["chrome93", "firefox92", "safari15.4"];

async function bundled(entry, { format = "esm", target = BROWSERS } = {}) {
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    bundle: true,
    minify: true,
    write: false,
    charset: "utf8",
    format,
    target,
    legalComments: "none",
  });
  const text = outputFiles[0].text.trim();
  if (/<\/(script|style)/i.test(text)) throw new Error(`${entry}: it contains its own end tag`);
  return text;
}

const version = JSON.parse(await readFile(here("node_modules/uplot/package.json"), "utf8")).version;
const licence = (await readFile(here("node_modules/uplot/LICENSE"), "utf8")).trim();
const notice = `<!--\nTidemark's dashboard, packed from services/plotting/page by tidemark pack-page: change it there.\nIt contains uPlot ${version}:\n\n${licence}\n-->`;
const style = await bundled("src/page.css");
const old = await bundled("src/old.js", { format: "iife", target: "es5" });
const script = await bundled("src/entry.js");
const page = (await readFile(here("src/page.html"), "utf8"))
  .replace("<!doctype html>", () => `<!doctype html>\n${notice}`)
  .replace("<style></style>", () => `<style>${style}</style>`)
  .replace("<script></script>", () => `<script>${old}</script>`)
  .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`);
await writeFile(process.argv[2], page);
