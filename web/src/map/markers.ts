// Outages and crews over the network: few, so each is an element that can be focused, named and clicked. Crews glide between the places
// they report.
import * as L from "leaflet";
import { t, word } from "../i18n";
import { percent } from "../ui/percent";
import type { AskNext, Crew, OutageSummary, PossibleOutage } from "../types";

const GLIDE_MS = 2500;

function element(className: string): HTMLElement {
  const made = document.createElement("div");
  made.className = className;
  return made;
}

export class OutageMarkers {
  private readonly shown = new Map<string, { marker: L.Marker; box: HTMLElement }>();
  constructor(
    private readonly map: L.Map,
    private readonly open: (id: string) => void,
  ) {}

  show(outages: readonly OutageSummary[], chosen: string | null): void {
    const gone = new Set(this.shown.keys());
    for (const outage of outages) {
      const { lat, lon } = outage.device;
      if (lat === null || lon === null) continue;
      gone.delete(outage.id);
      let own = this.shown.get(outage.id);
      if (!own) {
        const box = element("map-outage");
        const icon = L.divIcon({ html: box, className: "map-outage-anchor", iconSize: [0, 0] });
        const marker = L.marker([lat, lon], { icon, keyboard: true, riseOnHover: true }).addTo(this.map);
        marker.on("click", () => this.open(outage.id));
        marker.on("keypress", (event) => (event as unknown as L.LeafletKeyboardEvent).originalEvent.key === "Enter" && this.open(outage.id));
        this.shown.set(outage.id, (own = { marker, box }));
      }
      own.marker.setLatLng([lat, lon]);
      own.marker.setZIndexOffset(outage.id === chosen ? 100_000 : outage.customers_out);
      const maybe = outage.customers_out > 0 && outage.state === "suspected";
      own.box.className = `map-outage ladder-edge-${outage.ladder}${outage.id === chosen ? " chosen" : ""}${outage.customers_out ? "" : " back"}${maybe ? " maybe" : ""}`;
      own.box.textContent = !outage.customers_out ? t("map.all_back") : t("map.households", { n: outage.customers_out }) + (maybe ? ` · ${percent(outage.probability)}` : "");
      own.marker.getElement()?.setAttribute("aria-label", `${outage.device.name}, ${t(`ladder.${outage.ladder}`)}, ${own.box.textContent}`);
    }
    for (const id of gone) {
      this.shown.get(id)!.marker.remove();
      this.shown.delete(id);
    }
  }
}

/** What may be an outage, and the customer whose answer would tell most. */
export class MaybeMarkers {
  private shown: L.Marker[] = [];
  constructor(
    private readonly map: L.Map,
    private readonly open: (index: number) => void,
  ) {}

  show(possible: readonly PossibleOutage[], ask: AskNext | null): void {
    this.shown.forEach((marker) => marker.remove());
    this.shown = [];
    for (const { device, probability } of possible) {
      if (device.lat === null || device.lon === null) continue;
      const box = element("map-possible");
      box.textContent = `? ${percent(probability)}`;
      this.add(device.lat, device.lon, box, `${device.name}, ${t("belief.possible")}, ${box.textContent}`).on("click", () => this.open(device.index));
    }
    if (ask && ask.lat !== null && ask.lon !== null) {
      const box = element("map-ask");
      box.textContent = t("belief.ask_short");
      this.add(ask.lat, ask.lon, box, `${t("belief.ask_short")} ${ask.name ?? ""}`).setZIndexOffset(60_000);
    }
  }

  private add(lat: number, lon: number, box: HTMLElement, label: string): L.Marker {
    const marker = L.marker([lat, lon], { icon: L.divIcon({ html: box, className: "map-outage-anchor", iconSize: [0, 0] }), keyboard: true }).addTo(this.map);
    marker.getElement()?.setAttribute("aria-label", label);
    this.shown.push(marker);
    return marker;
  }
}

interface Rolling {
  marker: L.Marker;
  box: HTMLElement;
  arrow: HTMLElement;
  name: HTMLElement;
  trail: L.Polyline;
  from: L.LatLng;
  to: L.LatLng;
  started: number;
}

export class CrewMarkers {
  private readonly shown = new Map<string, Rolling>();
  private readonly renderer = L.canvas({ padding: 0.3 });
  private frame = 0;

  constructor(
    private readonly map: L.Map,
    private readonly open: (id: string) => void,
  ) {}

  show(crews: readonly Crew[], trailColour: string): void {
    const gone = new Set(this.shown.keys());
    for (const crew of crews) {
      if (crew.state === "off" || crew.lat === null || crew.lon === null) continue;
      gone.delete(crew.id);
      const to = L.latLng(crew.lat, crew.lon);
      const own = this.shown.get(crew.id) ?? this.add(crew.id, to);
      if (!to.equals(own.to)) {
        own.from = own.marker.getLatLng();
        own.to = to;
        own.started = performance.now();
        this.frame ||= requestAnimationFrame(() => this.glide());
      }
      own.box.className = `map-crew ${crew.state}`;
      own.arrow.style.transform = `rotate(${crew.heading ?? 0}deg)`;
      own.name.textContent = crew.name;
      own.marker.getElement()?.setAttribute("aria-label", `${crew.name}, ${word("crew_state", crew.state)}`);
      const moving = crew.state === "on_the_way";
      own.marker.setZIndexOffset(crew.state === "free" ? 0 : 50_000);
      own.trail.setStyle({ color: trailColour, opacity: moving ? 0.7 : 0.3 });
      own.trail.setLatLngs(crew.state === "free" ? [] : crew.trail.map(([lon, lat]) => [lat, lon] as L.LatLngTuple));
    }
    for (const id of gone) {
      const own = this.shown.get(id)!;
      own.marker.remove();
      own.trail.remove();
      this.shown.delete(id);
    }
  }

  close(): void {
    cancelAnimationFrame(this.frame);
  }

  private add(id: string, at: L.LatLng): Rolling {
    const box = element("map-crew");
    const arrow = element("arrow");
    const name = element("name");
    box.append(arrow, name);
    const marker = L.marker(at, { icon: L.divIcon({ html: box, className: "map-crew-anchor", iconSize: [0, 0] }), keyboard: true, riseOnHover: true }).addTo(this.map);
    marker.on("click", () => this.open(id));
    const trail = L.polyline([], { renderer: this.renderer, weight: 4, interactive: false, lineCap: "round", dashArray: "1 8" }).addTo(this.map);
    const own: Rolling = { marker, box, arrow, name, trail, from: at, to: at, started: 0 };
    this.shown.set(id, own);
    return own;
  }

  private glide(): void {
    const now = performance.now();
    let moving = false;
    for (const { marker, from, to, started } of this.shown.values()) {
      if (marker.getLatLng().equals(to)) continue;
      const done = Math.min(1, (now - started) / GLIDE_MS);
      marker.setLatLng(done === 1 ? to : [from.lat + done * (to.lat - from.lat), from.lng + done * (to.lng - from.lng)]);
      moving ||= done < 1;
    }
    this.frame = moving ? requestAnimationFrame(() => this.glide()) : 0;
  }
}
