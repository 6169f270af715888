/* What instruments see of an order's promises, before people record it: the crew's position at the place, power at the customer's meter. Each
 * only starts the clock that wants the record made; the record stays a person's. */
#include <math.h>

#include "http/schema.h"
#include "outage/outage_internal.h"

static bool at_place(const Outages *outages, const Outage *o, double lon, double lat) {
  const GridDevice *device = grid_device(outages->grid, o->device);
  if (device->lon_e6 == GRID_NO_PLACE || device->lat_e6 == GRID_NO_PLACE) return false;
  const double metres = 111195; /* a degree of latitude */
  double north = (device->lat_e6 / 1e6 - lat) * metres, east = (device->lon_e6 / 1e6 - lon) * metres * cos(lat * (3.14159265358979 / 180));
  return hypot(north, east) <= outages->rules.place_m;
}

static bool crew_reached(DeskContext *context, Outages *outages, const Record *record, Error *error) {
  OrderId *orders;
  size_t count;
  if (!outage_orders(context, outages, record->o.id, &orders, &count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!outage_take_step(context, outages, record, orders[i], "reach", error)) return false;
  return true;
}

static bool on_position(DeskContext *context, const Event *event, void *room, Error *error) {
  Outages *outages = room;
  bool ok = true;
  json_t *data = NULL;
  for (size_t i = 0; ok && outages->rules.place_m > 0 && i < outages->open.count; i++) {
    const Record *record = outages->open.at[i];
    const Outage *o = &record->o;
    if (o->crew.value != event->subject_id || o->stage < OUTAGE_ASSIGNED || o->stage >= OUTAGE_ON_SITE) continue;
    if (!data && !schema_read_own(&data, event->data, error)) return false;
    double lon = json_number_value(json_object_get(data, "lon")), lat = json_number_value(json_object_get(data, "lat"));
    if (at_place(outages, o, lon, lat)) ok = crew_reached(context, outages, record, error);
  }
  json_decref(data);
  return ok;
}

bool outage_power_seen(DeskContext *context, Outages *outages, uint32_t position, Error *error) {
  Customer customer;
  people_customer(outages->people, position, &customer);
  const Order *order = order_of_customer(outages->orders, customer.id, "fault_repair");
  static const Record nobody;
  return !order || outage_take_step(context, outages, &nobody, order->id, "power_seen", error);
}

void outage_listen_positions(Outages *outages) { desk_on(outages->desk, "crew.position", on_position, outages); }
