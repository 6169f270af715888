// Names over the network: places, substations, transformers. One canvas, drawn anew when the map comes to rest; a name that would cover
// another is left out.
import * as L from "leaflet";
import type { Backdrop } from "../types";
import type { NetworkLayer } from "./networkLayer";
import { TILE_PX } from "./networkLayer";
import type { Palette } from "./palette";
import { Kind, POINT, TILE_UNITS } from "./tile";

const PADDING = 0.25; // of the view, on each side
const TRANSFORMER_NAMES_FROM = 15;

interface Label {
  text: string;
  at: L.Point; // in the canvas
  size: number;
  weight: number;
  gap: number; // px below the point
}

export class LabelLayer extends L.Layer {
  private readonly canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated label-layer");
  private places: Backdrop["places"] = [];
  private frame = 0;
  private origin: L.LatLng | null = null;
  private drawnZoom = 0;

  constructor(
    private readonly network: NetworkLayer,
    private palette: Palette,
  ) {
    super();
  }

  setPlaces(places: Backdrop["places"]): void {
    this.places = places;
    this.drawSoon();
  }
  setPalette(palette: Palette): void {
    this.palette = palette;
    this.drawSoon();
  }

  override onAdd(map: L.Map): this {
    map.getPane("overlayPane")!.append(this.canvas);
    map.on("moveend resize", this.drawSoon, this);
    map.on("zoomanim", this.follow, this);
    this.network.on("load", this.drawSoon, this);
    this.drawSoon();
    return this;
  }

  override onRemove(map: L.Map): this {
    cancelAnimationFrame(this.frame);
    map.off("moveend resize", this.drawSoon, this);
    map.off("zoomanim", this.follow, this);
    this.network.off("load", this.drawSoon, this);
    this.canvas.remove();
    return this;
  }

  private follow(event: L.ZoomAnimEvent): void {
    if (!this.origin) return;
    const map = this._map as L.Map & { _latLngToNewLayerPoint(at: L.LatLng, zoom: number, center: L.LatLng): L.Point };
    L.DomUtil.setTransform(this.canvas, map._latLngToNewLayerPoint(this.origin, event.zoom, event.center), map.getZoomScale(event.zoom, this.drawnZoom));
  }

  private drawSoon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const map = this._map;
    const view = map.getSize();
    const corner = map.containerPointToLayerPoint(view.multiplyBy(-PADDING)).round();
    const size = view.multiplyBy(1 + 2 * PADDING).round();
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = size.x * ratio;
    this.canvas.height = size.y * ratio;
    this.canvas.style.width = `${size.x}px`;
    this.canvas.style.height = `${size.y}px`;
    this.origin = map.layerPointToLatLng(corner);
    this.drawnZoom = map.getZoom();
    L.DomUtil.setTransform(this.canvas, corner, 1);
    const context = this.canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    this.write(context, this.collect(corner), size);
  }

  private collect(corner: L.Point): Label[] {
    const map = this._map;
    const zoom = map.getZoom();
    const labels: Label[] = [];
    for (const place of this.places) {
      if (place.kind === "village" ? zoom < 13 : place.kind === "town" && zoom < 10) continue;
      const at = map.latLngToLayerPoint([place.lat, place.lon]).subtract(corner);
      labels.push({ text: place.name, at, size: place.kind === "village" ? 12 : place.kind === "town" ? 14 : 17, weight: place.kind === "village" ? 400 : 600, gap: -6 });
    }
    const pixelOrigin = map.getPixelOrigin();
    this.network.eachTile((tile, coords) => {
      for (let i = 0; i < tile.count; i++) {
        const kind = tile.kind[i]!;
        if (!tile.name[i] || tile.type[i] !== POINT) continue;
        if (kind === Kind.substation ? zoom < 11 : kind !== Kind.transformer || zoom < TRANSFORMER_NAMES_FROM) continue;
        const v = tile.start[i]!;
        const [x, y] = [tile.xy[v]!, tile.xy[v + 1]!];
        if (x < 0 || y < 0 || x >= TILE_UNITS || y >= TILE_UNITS) continue; // the neighbour tile writes it
        const at = L.point(coords.x * TILE_PX + (x * TILE_PX) / TILE_UNITS, coords.y * TILE_PX + (y * TILE_PX) / TILE_UNITS);
        const substation = kind === Kind.substation;
        labels.push({ text: tile.name[i]!, at: at.subtract(pixelOrigin).subtract(corner), size: substation ? 13 : 11, weight: substation ? 700 : 400, gap: substation ? 22 : 18 });
      }
    });
    return labels.sort((a, b) => b.weight - a.weight || b.size - a.size);
  }

  private write(context: CanvasRenderingContext2D, labels: Label[], size: L.Point): void {
    const family = getComputedStyle(document.body).fontFamily;
    const taken: [number, number, number, number][] = [];
    context.textAlign = "center";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = this.palette.halo;
    context.fillStyle = this.palette.label;
    for (const { text, at, size: px, weight, gap } of labels) {
      if (at.x < 0 || at.y < 0 || at.x > size.x || at.y > size.y) continue;
      context.font = `${weight} ${px}px ${family}`;
      const half = context.measureText(text).width / 2 + 2;
      const base = at.y + gap;
      const box: [number, number, number, number] = [at.x - half, base - px, at.x + half, base + 4];
      if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
      taken.push(box);
      context.strokeText(text, at.x, base);
      context.fillText(text, at.x, base);
    }
  }
}
