// A phone's page: it opens without a net, keeps today's work, and sends what was done when the net is back.
import { onBeforeUnmount, onMounted, ref, watch } from "vue";
import { orders } from "../api";
import type { Session } from "../types";
import { empty, forgetOldPages, keep, keptPage, orKept } from "./kept";
import { liveState } from "./live";
import { flush, openOutbox, unsent } from "./outbox";
import { session } from "./session";
import { onWell } from "./wellness";

const KEPT_SESSION = "session";

/** A phone's page is open: what is done may be kept and sent later. */
export const onPhone = ref(false);
/** An order read on the phone, also without a net once it has been seen today. */
export const keptOrder = (id: string) => orKept(() => `order ${id}`, () => orders.one(id));

/** What another person left on this phone is not shown to this one. */
async function own(who: Session): Promise<void> {
  const before = await keptPage<Session>(KEPT_SESSION);
  if (before && before.value.staff.id !== who.staff.id) await empty("pages");
  await keep(KEPT_SESSION, who);
}

/** For each phone page, once. */
export function usePhone(): void {
  const online = () => void flush();
  const stop = onWell(online);
  onPhone.value = true;
  onMounted(() => {
    void navigator.serviceWorker?.register("/sw.js").catch(() => {}); // without it the page needs the net to open
    void forgetOldPages().catch(() => {});
    void openOutbox();
    window.addEventListener("online", online);
  });
  onBeforeUnmount(() => {
    stop();
    onPhone.value = false;
    window.removeEventListener("online", online);
  });
  watch(session, (who) => who && void own(who).catch(() => {}), { immediate: true });
  watch(liveState, (state) => state === "live" && online());
}

/** Who was signed in on this phone today; asked only where the program cannot be reached, which says itself whether that still holds. */
export const keptSession = async (): Promise<Session | null> => (await keptPage<Session>(KEPT_SESSION).catch(() => null))?.value ?? null;

/** At sign-out all goes; what was never sent is asked about before. */
export async function forgetAll(): Promise<void> {
  unsent.value = [];
  for (const drawer of ["pages", "unsent", "files"] as const) await empty(drawer).catch(() => {});
}
