// One thing a page shows, read from the program, kept true by the feed.
import { onBeforeUnmount, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { asApiError, type ApiError } from "../http";
import type { FeedEvent } from "../types";
import { onEvent, onResync } from "./live";
import { throttled } from "./throttle";

const REFETCH_MS = 1000;

export interface Loaded<T> {
  value: ShallowRef<T | null>;
  error: ShallowRef<ApiError | null>;
  loading: Ref<boolean>;
  refresh: () => Promise<void>;
}

/** Reads at once, again when `key` changes (after dropping the old), and quietly on each event that `concerns` it. */
export function useLoaded<T>(read: () => Promise<T>, key: () => unknown, concerns: (event: FeedEvent, present: T) => boolean): Loaded<T> {
  const value = shallowRef<T | null>(null) as ShallowRef<T | null>;
  const error = shallowRef<ApiError | null>(null);
  const loading = ref(true);
  let turn = 0;

  async function refresh(): Promise<void> {
    const mine = ++turn;
    try {
      const fresh = await read();
      if (mine !== turn) return;
      value.value = fresh;
      error.value = null;
    } catch (problem) {
      if (mine === turn) error.value = asApiError(problem);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  const quietly = throttled(refresh, REFETCH_MS);
  watch(
    key,
    () => {
      value.value = null;
      loading.value = true;
      void refresh();
    },
    { immediate: true },
  );
  const stops = [onEvent((event) => value.value !== null && concerns(event, value.value) && quietly()), onResync(quietly)];
  onBeforeUnmount(() => {
    turn++;
    stops.forEach((stop) => stop());
  });
  return { value, error, loading, refresh };
}
