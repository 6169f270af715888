/* Readings by MQTT: a client of the company's broker, on a thread of its own. QoS 1; a message is acknowledged to the broker only when what
 * it brought is durable: until then nothing is written on the connection, and one that could not be kept is left unacknowledged by dropping
 * the connection, so that the broker sends it again. The session is persistent, so nothing is lost while the program is down.
 *
 * Topics, below a prefix (usual: "dianbaomu"):
 *   PREFIX/readings/csv  PREFIX/readings/json  PREFIX/readings/bin      as POST /api/v1/readings takes them
 *   PREFIX/power/csv     PREFIX/power/json                             power events
 * What cannot be read at all is set aside (reason "form") and acknowledged: sent again it would be no better. */
#ifndef METER_MQTT_H
#define METER_MQTT_H

#include "meter/meter.h"

typedef struct MeterMqtt MeterMqtt;

typedef struct MeterMqttOptions {
  const char *host;                                     /* "127.0.0.1" */
  int port;                                             /* 1883 */
  const char *prefix, *client_id, *username, *password; /* NULL: "dianbaomu", "dianbaomu", none */
} MeterMqttOptions;

/* Connects in the background, again and again until it is stopped. The desk must run. */
bool meter_mqtt_start(MeterMqtt **out, Desk *desk, Meters *meters, const MeterMqttOptions *options, Error *error) MUST_USE;
void meter_mqtt_stop(MeterMqtt *mqtt); /* NULL is fine */

typedef struct MeterMqttFigures {
  int64_t messages, readings, failed; /* failed: not kept, to come again */
  bool connected;
} MeterMqttFigures;
MeterMqttFigures meter_mqtt_figures(MeterMqtt *mqtt);

#endif
