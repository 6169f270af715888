// Planned ways over the network: a line a crew; the one that is looked at is strong, its stops numbered.
import * as L from "leaflet";

export interface Stop {
  lon: number;
  lat: number;
  kind: "crew" | "store" | "late" | "tight" | "fine";
  name: string;
  task: string | null;
}
export interface Way {
  crew: string;
  name: string;
  looked: boolean;
  chosen: string | null; // one of its tasks
  stops: Stop[];
}

export class WayMarkers {
  private shown: L.Layer[] = [];
  private drawn = "";
  constructor(
    private readonly map: L.Map,
    private readonly open: (task: string) => void,
  ) {}

  /** Draws anew only what has changed: a stop that has the focus keeps it. */
  show(ways: readonly Way[], colour: string): void {
    const wanted = JSON.stringify([ways, colour]);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.shown.forEach((layer) => layer.remove());
    this.shown = [];
    for (const way of ways) this.draw(way, colour);
  }

  private draw({ name, looked, chosen, stops }: Way, colour: string): void {
    const line = stops.map(({ lat, lon }) => [lat, lon] as L.LatLngTuple);
    if (line.length > 1) this.shown.push(L.polyline(line, { color: colour, weight: looked ? 4 : 1.5, opacity: looked ? 0.9 : 0.45, dashArray: looked ? "" : "4 5", interactive: false }).addTo(this.map));
    let number = 0;
    for (const stop of stops) {
      if (stop.kind === "crew") continue;
      number++;
      const box = document.createElement("div");
      box.className = `map-stop ${stop.kind}${looked ? " looked" : ""}${stop.task && stop.task === chosen ? " chosen" : ""}`;
      box.textContent = looked ? String(number) : "";
      const marker = L.marker([stop.lat, stop.lon], { icon: L.divIcon({ html: box, className: "map-outage-anchor", iconSize: [0, 0] }), keyboard: looked, zIndexOffset: looked ? 20_000 : 0 }).addTo(this.map);
      if (looked) marker.getElement()?.setAttribute("aria-label", `${name}, ${number}, ${stop.name}`);
      else marker.getElement()?.setAttribute("aria-hidden", "true"); // the lanes say it too
      marker.getElement()?.setAttribute("title", `${name} · ${number} · ${stop.name}`);
      const { task } = stop;
      if (task) {
        marker.on("click", () => this.open(task));
        marker.on("keypress", (event) => (event as unknown as L.LeafletKeyboardEvent).originalEvent.key === "Enter" && this.open(task));
      }
      this.shown.push(marker);
    }
  }
}
