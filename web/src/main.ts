import { createApp } from "vue";
import App from "./App.vue";
import { setSessionEnded } from "./http";
import { router } from "./router";
import { readCompany } from "./store/board";
import { keptSession } from "./store/phone";
import { endSession, hasLeft, restore, session } from "./store/session";
import "./styles/element";

setSessionEnded(endSession);

// A page's part of an older console is gone once the program has been renewed.
window.addEventListener("vite:preloadError", () => location.reload());

// The program may still be starting: the sign-in page says so when it, too, cannot reach it.
await restore()
  .then(() => (session.value ? readCompany() : undefined))
  .catch(async () => {
    if (!hasLeft()) session.value = await keptSession(); // a phone without a net
  });
createApp(App).use(router).mount("#app");
