// Who is signed in.
import { computed, ref } from "vue";
import { session as api } from "../api";
import { ApiError } from "../http";
import type { Role, Session } from "../types";

export const session = ref<Session | null>(null);
/** The session ran out while the console was open (against: nobody has signed in yet). */
export const ended = ref(false);
const LEFT = "signed_out";

export const roles = computed<readonly Role[]>(() => session.value?.staff.roles ?? []);
export const is = (...any: Role[]): boolean => any.some((role) => roles.value.includes(role));

/** Asks the program who this browser is; throws only when it cannot be reached. */
export async function restore(): Promise<void> {
  await finishLeaving();
  try {
    session.value = await api.current();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    endSession();
  }
}

/** The program no longer knows this session. */
export function endSession(): void {
  if (!session.value) return;
  ended.value = true;
  session.value = null;
}

export async function signIn(name: string, password: string, code?: string): Promise<void> {
  session.value = await api.open(name, password, code);
  localStorage.removeItem(LEFT);
  ended.value = false;
}

/** Who has just been let in by other means than a password. */
export async function enter(): Promise<void> {
  session.value = await api.current();
  localStorage.removeItem(LEFT);
  ended.value = false;
}

/** Where the program cannot be reached it is told at the next start, before anything is asked of it. */
export async function signOut(): Promise<void> {
  try {
    await api.close();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 0) throw error;
    localStorage.setItem(LEFT, "1");
  }
  session.value = null;
}
/** Throws when the program still cannot be reached. */
async function finishLeaving(): Promise<void> {
  if (!localStorage.getItem(LEFT)) return;
  await api.close().catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status === 0) throw error;
  });
  localStorage.removeItem(LEFT);
}
export const hasLeft = (): boolean => localStorage.getItem(LEFT) !== null;
