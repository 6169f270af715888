// What lies under the network: waters, rivers, roads, the county's border. Drawn into each tile, quietly.
import type { Backdrop } from "../types";
import type { Palette } from "./palette";

type Kind = "river" | "water" | "border" | "national" | "county" | "village";
export interface BackdropShape {
  kind: Kind;
  width: number;
  points: Float64Array; // x, y in the unit square of web mercator
  box: [west: number, north: number, east: number, south: number];
}

const ROAD_WIDTH = { national: 4, county: 2.5, village: 1.4 };
const VILLAGE_ROADS_FROM = 12; // zoom
const PONDS_FROM = 11;
const PAD_PX = 24;

function project(lon: number, lat: number): [number, number] {
  const s = Math.sin((lat * Math.PI) / 180);
  return [(lon + 180) / 360, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
}

function shape(line: [number, number][], kind: Kind, width: number): BackdropShape {
  const points = new Float64Array(2 * line.length);
  const box: BackdropShape["box"] = [1, 1, 0, 0];
  line.forEach(([lon, lat], i) => {
    const [x, y] = project(lon, lat);
    points[2 * i] = x;
    points[2 * i + 1] = y;
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  });
  return { kind, width, points, box };
}

export function prepareBackdrop({ rivers, roads, waters = [], borders = [] }: Backdrop): BackdropShape[] {
  return [
    ...waters.map(({ ring }) => shape(ring, "water", 0)),
    ...rivers.map(({ line, width }) => shape(line, "river", width || 1)),
    ...roads.map(({ line, class: kind }) => shape(line, kind, 1)),
    ...borders.map(({ ring }) => shape(ring, "border", 1)),
  ];
}

export function drawBackdrop(context: CanvasRenderingContext2D, shapes: BackdropShape[], x: number, y: number, z: number, size: number, palette: Palette): void {
  const tiles = 2 ** z;
  const pad = PAD_PX / size;
  const [west, north, east, south] = [(x - pad) / tiles, (y - pad) / tiles, (x + 1 + pad) / tiles, (y + 1 + pad) / tiles];
  const zoom = z + Math.log2(size / 256);
  const grow = Math.max(0.6, Math.min(3, 2 ** ((zoom - 13) / 2)));
  const seen = shapes.filter(({ box }) => box[0] <= east && box[2] >= west && box[1] <= south && box[3] >= north);
  const trace = (points: Float64Array): void => {
    for (let i = 0; i < points.length; i += 2) {
      const [px, py] = [(points[i]! * tiles - x) * size, (points[i + 1]! * tiles - y) * size];
      if (i) context.lineTo(px, py);
      else context.moveTo(px, py);
    }
  };
  const strokeAll = (kind: Kind, width: number, colour: string): void => {
    context.beginPath();
    for (const each of seen) if (each.kind === kind) trace(each.points);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  };
  context.lineJoin = context.lineCap = "round";
  if (zoom >= PONDS_FROM) {
    context.beginPath();
    for (const each of seen) if (each.kind === "water") trace(each.points);
    context.fillStyle = palette.water;
    context.fill();
  }
  for (const each of seen) {
    if (each.kind !== "river") continue;
    context.beginPath();
    trace(each.points);
    context.lineWidth = Math.max(1.5, 3 * each.width * grow);
    context.strokeStyle = palette.water;
    context.stroke();
  }
  const roads = (["village", "county", "national"] as const).filter((kind) => kind !== "village" || zoom >= VILLAGE_ROADS_FROM);
  for (const kind of roads) strokeAll(kind, ROAD_WIDTH[kind] * grow + 1.6, palette.roadEdge);
  for (const kind of roads) strokeAll(kind, ROAD_WIDTH[kind] * grow, palette.road);
  context.setLineDash([10, 4, 2, 4]);
  strokeAll("border", 1.5, palette.low);
  context.setLineDash([]);
}
