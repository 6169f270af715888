import { createHash } from "node:crypto";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";
import { mockServer } from "./mock/plugin";

/** The service worker knows every file of the build, and is another one when any of them is. */
const shell: Plugin = {
  name: "shell",
  generateBundle(_, bundle) {
    const files = Object.keys(bundle).filter((name) => name.startsWith("assets/")).map((name) => `/${name}`).sort();
    const worker = bundle["sw.js"];
    if (worker?.type !== "chunk") return this.error("sw.js is not built");
    const version = createHash("sha256").update(files.join() + worker.code).digest("hex").slice(0, 16);
    worker.code = worker.code.replaceAll("SHELL", JSON.stringify({ version, files: [...files, "/favicon.svg"] }));
  },
};

// DIANBAOMU is where a running `dianbaomu serve` answers; without it (`--mode mock`) an invented county does.
export default defineConfig(({ mode }) => {
  const server = process.env.DIANBAOMU ?? "http://127.0.0.1:9559";
  const proxy = mode === "mock" ? undefined : { "/api": { target: server, changeOrigin: false } };
  return {
    plugins: [vue(), shell, ...(mode === "mock" ? [mockServer()] : [])],
    build: {
      target: "es2022",
      sourcemap: false,
      // No data: addresses: fonts and pictures stay files under the content security policy.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 700,
      rollupOptions: {
        input: { main: "index.html", sw: "src/sw.ts" },
        output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
      },
    },
    server: { port: 5173, strictPort: true, proxy },
    preview: { port: 4173, strictPort: true, proxy },
  };
});
