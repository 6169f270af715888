/* Outages as the HTTP face shows them. */
#include "order/kind.h"
#include "outage/outage_internal.h"

void outage_write_device(const Outages *outages, uint32_t index, Json *json) {
  const GridDevice *device = grid_device(outages->grid, index);
  json_put_id(json, "id", device->id.value);
  json_put_i64(json, "index", index);
  json_put_i64(json, "end", device->end);
  json_put_string(json, "kind", grid_kind_name((GridKind)device->kind));
  json_put_text(json, "name", grid_name(outages->grid, index));
  bool placed = device->lon_e6 != GRID_NO_PLACE && device->lat_e6 != GRID_NO_PLACE;
  json_key(json, "lon");
  if (placed) json_f64(json, device->lon_e6 / 1e6, 6);
  else json_nil(json);
  json_key(json, "lat");
  if (placed) json_f64(json, device->lat_e6 / 1e6, 6);
  else json_nil(json);
  json_put_i64(json, "customers", outage_customers_in(outages, (GridRange){index, device->end}));
}

void outage_write_eta(const OutageEta *eta, Json *json) {
  if (eta->source == OUTAGE_ETA_NONE || eta->from == INSTANT_NONE) {
    json_nil(json);
    return;
  }
  json_open_object(json);
  json_put_instant(json, "from", eta->from);
  json_put_instant(json, "likely", eta->likely == INSTANT_NONE ? eta->from + (eta->until - eta->from) / 2 : eta->likely);
  json_put_instant(json, "until", eta->until);
  json_put_string(json, "source", outage_eta_source_name((OutageEtaSource)eta->source));
}

void outage_write_dark(const GridRange *ranges, size_t count, Json *json) {
  json_open_array(json);
  for (size_t i = 0; i < count; i++) {
    json_open_array(json);
    json_i64(json, ranges[i].from);
    json_i64(json, ranges[i].to);
    json_close(json);
  }
  json_close(json);
}

void outage_write_summary_into(const Outages *outages, const Outage *o, Json *json) {
  char number[OUTAGE_NUMBER_MAX];
  uint32_t feeder = grid_device(outages->grid, o->device)->feeder;
  json_put_id(json, "id", o->id.value);
  json_put_string(json, "number", outage_number(o, number));
  json_put_string(json, "state", outage_state_name((OutageState)o->state));
  json_put_string(json, "stage", outage_stage_name((OutageStage)o->stage));
  json_put_string(json, "ladder", kind_ladder_name(outage_ladder(o)));
  json_key(json, "device");
  json_open_object(json);
  outage_write_device(outages, o->device, json);
  json_close(json);
  json_put_text(json, "feeder", feeder == GRID_NONE ? TEXT_NONE : grid_name(outages->grid, feeder));
  json_put_instant(json, "since", o->since);
  json_put_instant(json, "found_at", o->found_at);
  json_put_instant(json, "arrived_at", o->arrived_at);
  json_put_instant(json, "restored_at", o->restored_at);
  json_put_i64(json, "customers_out", o->customers_out);
  json_put_i64(json, "customers_total", o->customers_total);
  json_put_i64(json, "customers_peak", o->customers_peak);
  json_put_i64(json, "important_out", o->important_out);
  json_put_i64(json, "customer_minutes", o->customer_seconds / 60);
  json_put_i64(json, "households", o->households);
  json_put_i64(json, "calls", o->calls);
  json_key(json, "crew");
  if (o->crew.value) {
    json_open_object(json);
    json_put_id(json, "id", o->crew.value);
    json_put_string(json, "name", o->crew_name);
    json_close(json);
  } else {
    json_nil(json);
  }
  json_key(json, "eta");
  OutageEta eta = {.from = o->eta_from, .likely = o->eta_likely, .until = o->eta_until, .source = o->eta_source};
  outage_write_eta(&eta, json);
  if (eta.source != OUTAGE_ETA_NONE && eta.from != INSTANT_NONE) json_close(json);
  json_put_text(json, "cause", o->cause[0] ? text_of(o->cause) : TEXT_NONE);
  json_key(json, "dark");
  outage_write_dark(o->dark.at, o->dark.count, json);
  json_put_f64(json, "probability", o->probability, 3);
  json_put_i64(json, "version", o->version);
}

void outage_write_summary(const Outages *outages, const Outage *outage, Json *json) {
  json_open_object(json);
  outage_write_summary_into(outages, outage, json);
  json_close(json);
}
