// npm run e2e [-- part of a test's name]: builds the specs and runs them; itself made runnable by esbuild first. With BASE_URL unset, before the mock server on the built pages.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = `${process.cwd()}/e2e/`; // npm runs a script in the package's folder
const specs = readdirSync(here).filter((name) => name.endsWith(".spec.ts"));
const outfile = `${here}../node_modules/.cache/e2e.mjs`;
await build({
  stdin: { contents: [...specs.map((name) => `import "./${name}";`), `export { runAll } from "./harness";`].join("\n"), resolveDir: here, loader: "ts" },
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  outfile,
  logLevel: "warning",
});

const START_MS = 30_000;
async function startMock() {
  const mock = spawn(process.execPath, [`${here}../node_modules/vite/bin/vite.js`, "preview", "--mode", "mock", "--host", "127.0.0.1"], { cwd: `${here}..`, stdio: "ignore" });
  for (const end = Date.now() + START_MS; Date.now() < end; await new Promise((done) => setTimeout(done, 200)))
    if (await fetch("http://127.0.0.1:4173/api/v1/company").then(() => true, () => false)) return mock;
  mock.kill();
  throw new Error("the mock server did not start");
}

const mock = process.env.BASE_URL ? null : await startMock();
try {
  const { runAll } = (await import(pathToFileURL(outfile).href)) as { runAll: (part: string) => Promise<void> };
  await runAll(process.argv[2] ?? "");
} finally {
  mock?.kill();
}
