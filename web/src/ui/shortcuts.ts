// Keys that work anywhere but in a field: "n", "F2", or two in a row ("g o"). Function keys and Ctrl work in fields too.
const PAIR_MS = 1200;
type Keys = Record<string, (event: KeyboardEvent) => void>;
const layers: Keys[] = [];
let first = { key: "", at: 0 };

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function press(event: KeyboardEvent): void {
  if (event.isComposing || event.altKey || event.metaKey) return;
  const name = (event.ctrlKey ? "Ctrl+" : "") + event.key;
  const always = event.ctrlKey || /^F\d+$/.test(event.key) || event.key === "Escape";
  if (inField(event.target) && !always) return;
  if (event.key !== "Escape" && document.querySelector(".el-overlay-dialog")?.checkVisibility()) return; // a dialog has the keyboard
  const pair = event.timeStamp - first.at < PAIR_MS ? `${first.key} ${name}` : name;
  first = { key: name, at: event.timeStamp };
  for (let i = layers.length - 1; i >= 0; i--) {
    const run = layers[i]![pair] ?? layers[i]![name];
    if (!run) continue;
    event.preventDefault();
    if (pair.includes(" ") && layers[i]![pair]) first.key = "";
    run(event);
    return;
  }
}
document.addEventListener("keydown", press);

/** The innermost page's keys win. Returns how to take them away. */
export function shortcuts(keys: Keys): () => void {
  layers.push(keys);
  return () => layers.splice(layers.indexOf(keys), 1);
}
