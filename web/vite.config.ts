import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";
import { mockServer } from "./mock/plugin";

// DIANBAOMU is where a running `dianbaomu serve` answers; without it (`--mode mock`) an invented county does.
export default defineConfig(({ mode }) => {
  const server = process.env.DIANBAOMU ?? "http://127.0.0.1:9559";
  const proxy = mode === "mock" ? undefined : { "/api": { target: server, changeOrigin: false } };
  return {
    plugins: [vue(), ...(mode === "mock" ? [mockServer()] : [])],
    build: {
      target: "es2022",
      sourcemap: false,
      // No data: addresses: fonts and pictures stay files under the content security policy.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 700,
    },
    server: { port: 5173, strictPort: true, proxy },
    preview: { port: 4173, strictPort: true, proxy },
  };
});
