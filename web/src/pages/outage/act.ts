import { inject, type InjectionKey, type Ref } from "vue";
import type { OutageAct } from "../../types";

export interface Acting {
  act: (what: OutageAct, body: Record<string, unknown>, done: string) => Promise<boolean>;
  busy: Ref<boolean>;
}
export const actKey: InjectionKey<Acting> = Symbol("act");
export function useAct(): Acting {
  return inject(actKey)!;
}
