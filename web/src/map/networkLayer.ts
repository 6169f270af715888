// The network as a Leaflet layer of canvases. Tiles are fetched once and kept decoded; what is dark, the theme and the backdrop only draw again.
import * as L from "leaflet";
import { grid } from "../api";
import { drawBackdrop, type BackdropShape } from "./backdrop";
import { drawTile, pointRadius } from "./draw";
import type { Palette } from "./palette";
import type { Ranges } from "./ranges";
import { decodeTile, POINT, TILE_UNITS, type Tile } from "./tile";

export const TILE_PX = 512;
const KEPT_TILES = 400;
const HIT_PX = 9;
export const OFFSET = -1; // 512 px tiles: the address of one is a zoom above the map's

interface Shown {
  canvas: HTMLCanvasElement;
  coords: L.Coords;
  tile: Tile | null;
  abort: AbortController;
}

export interface Hit {
  index: number;
  kind: number;
  latlng: L.LatLng;
}

export class NetworkLayer extends L.GridLayer {
  private readonly shown = new Map<HTMLCanvasElement, Shown>();
  private readonly kept = new Map<string, Tile>(); // oldest first
  private dark: Ranges = new Uint32Array();
  private sure: Ranges = new Uint32Array();
  private backdrop: BackdropShape[] = [];
  private frame = 0;

  constructor(private palette: Palette) {
    super({ tileSize: TILE_PX, zoomOffset: OFFSET, keepBuffer: 1, updateWhenZooming: false, minZoom: 1 } as L.GridLayerOptions);
    this.on("tileunload", (event: L.TileEvent) => {
      const canvas = event.tile as unknown as HTMLCanvasElement;
      this.shown.get(canvas)?.abort.abort();
      this.shown.delete(canvas);
    });
  }

  setDark(dark: Ranges, sure: Ranges): void {
    this.dark = dark;
    this.sure = sure;
    this.drawSoon();
  }
  setPalette(palette: Palette): void {
    this.palette = palette;
    this.drawSoon();
  }
  setBackdrop(shapes: BackdropShape[]): void {
    this.backdrop = shapes;
    this.drawSoon();
  }

  override createTile(coords: L.Coords, done: L.DoneCallback): HTMLElement {
    const canvas = document.createElement("canvas");
    const shown: Shown = { canvas, coords, tile: null, abort: new AbortController() };
    this.shown.set(canvas, shown);
    this.load(shown).then(
      () => {
        this.draw(shown);
        done(undefined, canvas);
      },
      (error: Error) => {
        if (shown.abort.signal.aborted) return;
        this.draw(shown);
        this.fire("tilefailed");
        done(error, canvas);
      },
    );
    return canvas;
  }

  private async load(shown: Shown): Promise<void> {
    const { x, y, z } = shown.coords;
    const name = `${z}/${x}/${y}`;
    let tile = this.kept.get(name);
    if (!tile) tile = decodeTile(await grid.tile(z + OFFSET, x, y, shown.abort.signal));
    this.kept.delete(name);
    this.kept.set(name, tile);
    if (this.kept.size > KEPT_TILES) this.kept.delete(this.kept.keys().next().value!);
    shown.tile = tile;
  }

  private draw({ canvas, coords, tile }: Shown): void {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.height = TILE_PX * ratio;
    const context = canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    drawBackdrop(context, this.backdrop, coords.x, coords.y, coords.z + OFFSET, TILE_PX, this.palette);
    if (tile) drawTile({ context, size: TILE_PX, zoom: coords.z, tile, scale: TILE_PX / TILE_UNITS, dark: this.dark, sure: this.sure, palette: this.palette });
  }

  private drawSoon(): void {
    if (!this.frame)
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        for (const shown of this.shown.values()) this.draw(shown);
      });
  }

  /** The tiles of the present zoom, for what is drawn above them. */
  eachTile(visit: (tile: Tile, coords: L.Coords) => void): void {
    const zoom = Math.round(this._map?.getZoom() ?? 0);
    for (const { tile, coords } of this.shown.values()) if (tile && coords.z === zoom) visit(tile, coords);
  }

  /** The point device, else the line, under a place on the map. */
  hit(latlng: L.LatLng): Hit | null {
    const map = this._map;
    if (!map) return null;
    const zoom = map.getZoom();
    const at = map.project(latlng, zoom);
    const scale = TILE_PX / TILE_UNITS;
    let best: Hit | null = null;
    let nearest = HIT_PX;
    this.eachTile((tile, coords) => {
      const x = at.x - coords.x * TILE_PX;
      const y = at.y - coords.y * TILE_PX;
      if (x < 0 || y < 0 || x >= TILE_PX || y >= TILE_PX) return;
      for (let i = 0; i < tile.count; i++) {
        if (tile.index[i] === 0xffffffff) continue;
        const far = tile.type[i] === POINT ? pointDistance(tile, i, x, y, scale, zoom) : lineDistance(tile, i, x, y, scale) + HIT_PX / 2;
        if (far < nearest) {
          nearest = far;
          best = { index: tile.index[i]!, kind: tile.kind[i]!, latlng };
        }
      }
    });
    return best;
  }
}

function pointDistance(tile: Tile, i: number, x: number, y: number, scale: number, zoom: number): number {
  const r = pointRadius(tile.kind[i]!, tile.rating[i]!, zoom);
  const v = tile.start[i]!;
  return r ? Math.max(0, Math.hypot(tile.xy[v]! * scale - x, tile.xy[v + 1]! * scale - y) - r) : Infinity;
}

function lineDistance(tile: Tile, i: number, x: number, y: number, scale: number): number {
  let least = Infinity;
  for (let v = tile.start[i]!; v + 3 < tile.start[i + 1]!; v += 2) {
    const [ax, ay, bx, by] = [tile.xy[v]! * scale, tile.xy[v + 1]! * scale, tile.xy[v + 2]! * scale, tile.xy[v + 3]! * scale];
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = length ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length)) : 0;
    least = Math.min(least, Math.hypot(ax + along * (bx - ax) - x, ay + along * (by - ay) - y));
  }
  return least;
}
