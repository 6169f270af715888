// Light, dark or as the system says; and the wall screen's larger type.
import { ref, watchEffect } from "vue";

export type Theme = "system" | "light" | "dark";
const KEPT = "dianbaomu.theme";
const kept = localStorage.getItem(KEPT);
const system = matchMedia("(prefers-color-scheme: dark)");

export const theme = ref<Theme>(kept === "light" || kept === "dark" ? kept : "system");
export const isDark = ref(system.matches);
export const wall = ref(new URLSearchParams(location.search).has("wall"));

const systemDark = ref(system.matches);
system.addEventListener("change", (change) => (systemDark.value = change.matches));

watchEffect(() => {
  isDark.value = theme.value === "dark" || (theme.value === "system" && systemDark.value);
  document.documentElement.classList.toggle("dark", isDark.value);
  document.documentElement.classList.toggle("wall", wall.value);
});

export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEPT, next);
}
