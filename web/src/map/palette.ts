// Colours of the map. Feeders: twelve hues told apart by neighbours, none of them red (red is what is dark).

export interface Palette {
  ground: string;
  water: string;
  road: string;
  roadEdge: string;
  label: string;
  halo: string;
  feeders: readonly string[];
  low: string; // low voltage
  tie: string;
  node: string; // fill of a switch or box
  deadLine: string;
  deadEdge: string;
  deadArea: string;
}

const LIGHT_FEEDERS = ["#0f6cbd", "#00837a", "#6b4fbb", "#3c7d22", "#9a6700", "#2b5f8a", "#8f3f97", "#4f7a00", "#006f94", "#7a5c2e", "#4756c9", "#1f7a52"]; // prettier-ignore
const DARK_FEEDERS = ["#5aa9f0", "#3cc9b7", "#a996f0", "#86c968", "#dcae4c", "#7fb3dd", "#d58fdc", "#b0cf5a", "#4fc3e8", "#cda878", "#94a0ff", "#69cf9f"]; // prettier-ignore

export function readPalette(dark: boolean): Palette {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string) => style.getPropertyValue(`--map-${name}`).trim();
  return {
    ground: value("ground"),
    water: value("water"),
    road: value("road"),
    roadEdge: value("road-edge"),
    label: value("label"),
    halo: value("halo"),
    feeders: dark ? DARK_FEEDERS : LIGHT_FEEDERS,
    low: dark ? "#71838c" : "#7c8a92",
    tie: dark ? "#c4ced3" : "#3f4b53",
    node: dark ? "#151f25" : "#ffffff",
    deadLine: dark ? "#ff5a4d" : "#3a0b08",
    deadEdge: dark ? "#5e0f0a" : "#d8261b",
    deadArea: dark ? "rgba(255, 70, 55, 0.20)" : "rgba(190, 25, 15, 0.15)",
  };
}
