#include "meter/mqtt.h"

#include <mosquitto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"

enum { LOOP_MS = 200, RETRY_MS = 1000, KEEP_ALIVE_S = 60, IN_FLIGHT = 20, MESSAGE_ARENA = 128 << 20 };

struct MeterMqtt {
  Desk *desk;
  Meters *meters;
  char host[128], prefix[64], client_id[64], username[64], password[128];
  int port;
  pthread_t thread;
  _Atomic bool stopping, connected;
  _Atomic int64_t messages, readings, failed;
  bool drop; /* a message was not kept: the connection must go before its acknowledgement is written */
};

typedef struct Kept {
  Meters *meters;
  ReadingMessage *messages;
  PowerMessage power;
  ReadingProblems problems;
  int64_t readings;
} Kept;

static bool work_kept(DeskContext *context, void *command, Error *error) {
  Kept *kept = command;
  int64_t aside;
  for (ReadingMessage *message = kept->messages; message; message = message->next) {
    MeterTake take = {.message = message, .source = TEXT("mqtt")};
    if (!meter_take(context, kept->meters, &take, error)) return desk_spoil(context);
    kept->readings += take.readings;
  }
  if (kept->power.count && !meter_take_power(context, kept->meters, &kept->power, &aside, error)) return false;
  return meter_put_aside(context, kept->meters, &kept->problems, TEXT("mqtt"), error) || desk_spoil(context);
}

/* "PREFIX/readings/csv": whether it is about power, and in which form; false: not ours. */
static bool topic_of(const MeterMqtt *mqtt, Text topic, bool *power, MessageForm *form) {
  Text prefix = text_of(mqtt->prefix);
  if (!text_starts(topic, prefix) || topic.len <= prefix.len || topic.at[prefix.len] != '/') return false;
  Text rest = text_slice(topic, prefix.len + 1, topic.len), room;
  if (!text_next(&rest, '/', &room)) return false;
  *power = text_is(room, "power");
  if (!*power && !text_is(room, "readings")) return false;
  *form = text_is(rest, "csv") ? MESSAGE_CSV : text_is(rest, "json") ? MESSAGE_JSON : MESSAGE_BINARY;
  return text_is(rest, "csv") || text_is(rest, "json") || (text_is(rest, "bin") && !*power);
}

static void on_message(struct mosquitto *client, void *self, const struct mosquitto_message *message) {
  MeterMqtt *mqtt = self;
  Kept *kept = memory_new(sizeof *kept);
  Text topic = text_of(message->topic), bytes = {message->payload, message->payloadlen > 0 ? (size_t)message->payloadlen : 0};
  bool power = false;
  MessageForm form = MESSAGE_BINARY;
  Error error = {0};
  Arena arena;
  (void)client;
  arena_begin(&arena, MESSAGE_ARENA);
  mqtt->drop |= !kept;
  if (kept && !mqtt->drop) {
    kept->meters = mqtt->meters;
    bool ours = topic_of(mqtt, topic, &power, &form);
    bool read = ours && (power ? power_read(&kept->power, &kept->problems, form, bytes, &arena, &error)
                               : message_read(&kept->messages, &kept->problems, form, bytes, &arena, &error));
    if (!read) {
      char text[ERROR_TEXT_MAX];
      kept->messages = NULL;
      kept->power.count = 0;
      reading_problem(&kept->problems, 0, ASIDE_FORM, TEXT_NONE,
                      ours ? error_text(&error, LANGUAGE_EN, text, 110) : "a topic that is not known here");
    }
    error_clear(&error);
    if (desk_do(mqtt->desk, work_kept, kept, TEXT("system"), &error)) {
      atomic_fetch_add(&mqtt->messages, 1);
      atomic_fetch_add(&mqtt->readings, kept->readings);
    } else {
      log_error("mqtt: a message is not kept and will come again", &error);
      atomic_fetch_add(&mqtt->failed, 1);
      mqtt->drop = true;
    }
  }
  arena_end(&arena);
  memory_free(kept);
}

static void on_connect(struct mosquitto *client, void *self, int code) {
  MeterMqtt *mqtt = self;
  char topic[80];
  atomic_store(&mqtt->connected, code == 0);
  if (code != 0) log_line(LOG_WARN, "mqtt: the broker refuses: %s", mosquitto_connack_string(code));
  if (code != 0) return;
  for (int i = 0; i < 2; i++) {
    snprintf(topic, sizeof topic, "%s/%s/+", mqtt->prefix, i ? "power" : "readings");
    mosquitto_subscribe(client, NULL, topic, 1);
  }
}

static void pause_ms(int ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL); }

/* One connection, until it breaks or must be dropped. The library counts as threaded from outside: acknowledgements are then queued, and
 * written by the loop after on_message has come back; a connection that is dropped before never sends them. */
static void serve_once(MeterMqtt *mqtt) {
  struct mosquitto *client = mosquitto_new(mqtt->client_id, false, mqtt);
  if (!client) return;
  mqtt->drop = false;
  mosquitto_threaded_set(client, true);
  mosquitto_connect_callback_set(client, on_connect);
  mosquitto_message_callback_set(client, on_message);
  mosquitto_max_inflight_messages_set(client, IN_FLIGHT);
  if (mqtt->username[0]) mosquitto_username_pw_set(client, mqtt->username, mqtt->password);
  if (mosquitto_connect(client, mqtt->host, mqtt->port, KEEP_ALIVE_S) == MOSQ_ERR_SUCCESS)
    while (!atomic_load(&mqtt->stopping) && !mqtt->drop && mosquitto_loop(client, LOOP_MS, 1) == MOSQ_ERR_SUCCESS) continue;
  if (atomic_load(&mqtt->stopping) && !mqtt->drop) {
    mosquitto_disconnect(client);
    (void)mosquitto_loop(client, LOOP_MS, 1);
  }
  atomic_store(&mqtt->connected, false);
  mosquitto_destroy(client);
}

static void *serve_thread(void *self) {
  MeterMqtt *mqtt = self;
  while (!atomic_load(&mqtt->stopping)) {
    serve_once(mqtt);
    for (int i = 0; i < RETRY_MS / 50 && !atomic_load(&mqtt->stopping); i++) pause_ms(50);
  }
  return NULL;
}

static void keep_text(char *out, size_t room, const char *given, const char *usual) { snprintf(out, room, "%s", given ? given : usual); }

bool meter_mqtt_start(MeterMqtt **out, Desk *desk, Meters *meters, const MeterMqttOptions *options, Error *error) {
  MeterMqtt *mqtt = memory_new(sizeof *mqtt);
  if (!mqtt) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "mqtt");
  mqtt->desk = desk;
  mqtt->meters = meters;
  mqtt->port = options->port ? options->port : 1883;
  keep_text(mqtt->host, sizeof mqtt->host, options->host, "127.0.0.1");
  keep_text(mqtt->prefix, sizeof mqtt->prefix, options->prefix, "dianbaomu");
  keep_text(mqtt->client_id, sizeof mqtt->client_id, options->client_id, "dianbaomu");
  keep_text(mqtt->username, sizeof mqtt->username, options->username, "");
  keep_text(mqtt->password, sizeof mqtt->password, options->password, "");
  mosquitto_lib_init();
  int code = pthread_create(&mqtt->thread, NULL, serve_thread, mqtt);
  if (code != 0) {
    memory_free(mqtt);
    return error_raise(error, ERROR_INTERNAL, "thread: %s", strerror(code));
  }
  *out = mqtt;
  return true;
}

void meter_mqtt_stop(MeterMqtt *mqtt) {
  if (!mqtt) return;
  atomic_store(&mqtt->stopping, true);
  pthread_join(mqtt->thread, NULL);
  mosquitto_lib_cleanup();
  memory_free(mqtt);
}

MeterMqttFigures meter_mqtt_figures(MeterMqtt *mqtt) {
  return (MeterMqttFigures){atomic_load(&mqtt->messages), atomic_load(&mqtt->readings), atomic_load(&mqtt->failed),
                            atomic_load(&mqtt->connected)};
}
