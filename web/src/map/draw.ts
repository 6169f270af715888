// Draws one tile of the network: the area that is dark, lines by feeder, then points. Grouped by style, so that a busy tile is a few dozen
// strokes, not thousands.
import { Kind, LINE, NO_FEEDER, type Tile } from "./tile";
import { inRanges, type Ranges } from "./ranges";
import type { Palette } from "./palette";

export interface DrawJob {
  context: CanvasRenderingContext2D;
  size: number; // CSS px of a side
  zoom: number; // the map's
  tile: Tile;
  scale: number; // tile units → CSS px
  dark: Ranges;
  sure: Ranges; // of what is dark, known for certain: the rest is drawn lighter and dashed
  palette: Palette;
}

const LOW_FROM = Kind.lv_breaker;

function trace(path: Path2D, tile: Tile, feature: number, scale: number): void {
  const end = tile.start[feature + 1]!;
  for (let v = tile.start[feature]!; v < end; v += 2) {
    const x = tile.xy[v]! * scale;
    const y = tile.xy[v + 1]! * scale;
    if (v === tile.start[feature]) path.moveTo(x, y);
    else path.lineTo(x, y);
  }
}

function pathOf(paths: Map<string, Path2D>, style: string): Path2D {
  let path = paths.get(style);
  if (!path) paths.set(style, (path = new Path2D()));
  return path;
}

const isLow = (kind: number) => kind >= LOW_FROM && kind !== Kind.tie;

function drawLines({ context, zoom, tile, scale, dark, sure, palette }: DrawJob): void {
  const alive = new Map<string, Path2D>();
  const low = new Path2D();
  const ties = new Path2D();
  const dead = new Path2D();
  const deadLow = new Path2D();
  const maybe = new Path2D();
  let anyDead = false;
  for (let i = 0; i < tile.count; i++) {
    const kind = tile.kind[i]!;
    if (tile.type[i] === LINE) {
      if (kind === Kind.tie) trace(ties, tile, i, scale);
      else if (inRanges(dark, tile.index[i]!)) {
        trace(!inRanges(sure, tile.index[i]!) ? maybe : isLow(kind) ? deadLow : dead, tile, i, scale);
        anyDead = true;
      } else if (isLow(kind)) trace(low, tile, i, scale);
      else {
        const feeder = tile.feeder[i]!;
        trace(pathOf(alive, feeder === NO_FEEDER ? palette.tie : palette.feeders[feeder % palette.feeders.length]!), tile, i, scale);
      }
    } else if (inRanges(dark, tile.index[i]!)) {
      const v = tile.start[i]!;
      const path = inRanges(sure, tile.index[i]!) ? dead : maybe;
      path.moveTo(tile.xy[v]! * scale, tile.xy[v + 1]! * scale);
      path.lineTo(tile.xy[v]! * scale + 0.01, tile.xy[v + 1]! * scale);
      anyDead = true;
    }
  }
  context.lineJoin = context.lineCap = "round";
  const wide = zoom >= 15 ? 3 : zoom >= 13 ? 2.2 : zoom >= 11 ? 1.6 : 1.2;
  if (anyDead) {
    context.strokeStyle = palette.deadArea;
    context.lineWidth = zoom >= 16 ? 72 : zoom >= 14 ? 56 : zoom >= 12 ? 36 : 22;
    const area = new Path2D(dead);
    area.addPath(deadLow);
    context.stroke(area);
    context.globalAlpha = 0.5;
    context.stroke(maybe);
    context.globalAlpha = 1;
  }
  context.lineWidth = zoom >= 17 ? 1.6 : 1;
  context.strokeStyle = palette.low;
  context.stroke(low);
  context.lineWidth = wide;
  for (const [colour, path] of alive) {
    context.strokeStyle = colour;
    context.stroke(path);
  }
  context.setLineDash([5, 5]);
  context.strokeStyle = palette.tie;
  context.stroke(ties);
  context.setLineDash([]);
  if (anyDead) {
    for (const [path, by] of [[deadLow, 0.6], [dead, 1]] as const) {
      context.lineWidth = (wide + 4.5) * by;
      context.strokeStyle = palette.deadEdge;
      context.stroke(path);
      context.lineWidth = (wide + 0.8) * by;
      context.strokeStyle = palette.deadLine;
      context.stroke(path);
    }
    context.setLineDash([7, 6]);
    context.lineWidth = wide + 1.5;
    context.strokeStyle = palette.deadEdge;
    context.stroke(maybe);
    context.setLineDash([]);
  }
}

/** Half the size of a point's sign in CSS px at this zoom; 0: not drawn. */
export function pointRadius(kind: number, rating: number, zoom: number): number {
  switch (kind) {
    case Kind.substation:
      return zoom >= 13 ? 10 : 7;
    case Kind.transformer: {
      const by = rating >= 630 ? 1.5 : rating >= 315 ? 1.25 : rating >= 160 ? 1 : 0.85;
      return by * (zoom >= 16 ? 7 : zoom >= 15 ? 5 : zoom >= 14 ? 3.6 : zoom >= 13 ? 2.4 : zoom >= 12 ? 1.6 : 1.1);
    }
    case Kind.breaker:
    case Kind.recloser:
    case Kind.switch:
    case Kind.tie:
      return zoom >= 15 ? 5 : zoom >= 13 ? 3.2 : 0;
    case Kind.fuse:
      return zoom >= 17 ? 3 : 0; // mostly at its transformer's own pole
    case Kind.lv_breaker:
    case Kind.branch_box:
    case Kind.meter_box:
      return zoom >= 17 ? 4 : zoom >= 16 ? 2.5 : 0;
    default:
      return 0;
  }
}

function sign(context: CanvasRenderingContext2D, kind: number, x: number, y: number, r: number): void {
  context.beginPath();
  if (kind === Kind.substation) {
    context.rect(x - r, y - r, 2 * r, 2 * r);
    context.rect(x - r / 2, y - r / 2, r, r);
  } else if (kind === Kind.transformer) {
    if (r < 4.5) context.arc(x, y, r, 0, 2 * Math.PI);
    else {
      context.arc(x, y - r * 0.42, r * 0.66, 0, 2 * Math.PI);
      context.moveTo(x + r * 0.66, y + r * 0.42);
      context.arc(x, y + r * 0.42, r * 0.66, 0, 2 * Math.PI);
    }
  } else if (kind === Kind.fuse || kind === Kind.tie) {
    context.moveTo(x, y - r);
    context.lineTo(x + r, y);
    context.lineTo(x, y + r);
    context.lineTo(x - r, y);
    context.closePath();
  } else if (isLow(kind)) context.rect(x - r, y - r * 0.7, 2 * r, 1.4 * r);
  else context.rect(x - r * 0.8, y - r * 0.8, 1.6 * r, 1.6 * r);
}

function drawPoints({ context, zoom, tile, scale, dark, sure, palette, size }: DrawJob): void {
  for (let i = 0; i < tile.count; i++) {
    if (tile.type[i] === LINE) continue;
    const kind = tile.kind[i]!;
    const r = pointRadius(kind, tile.rating[i]!, zoom);
    if (!r) continue;
    const v = tile.start[i]!;
    const x = tile.xy[v]! * scale;
    const y = tile.xy[v + 1]! * scale;
    if (x < -20 || y < -20 || x > size + 20 || y > size + 20) continue;
    const dead = inRanges(dark, tile.index[i]!);
    const feeder = tile.feeder[i]!;
    const colour = isLow(kind) ? palette.low : feeder === NO_FEEDER ? palette.tie : palette.feeders[feeder % palette.feeders.length]!;
    sign(context, kind, x, y, dead ? r + 1.5 : r);
    const solid = kind === Kind.transformer && r < 4.5;
    const known = dead && inRanges(sure, tile.index[i]!);
    context.fillStyle = known ? palette.deadLine : dead ? palette.node : solid ? colour : palette.node;
    context.fill();
    context.lineWidth = dead ? 2.2 : solid ? 0.6 : 1.8;
    context.strokeStyle = dead ? palette.deadEdge : solid ? palette.node : colour;
    context.stroke();
  }
}

export function drawTile(job: DrawJob): void {
  drawLines(job);
  drawPoints(job);
}
