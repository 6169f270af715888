/* Against a real broker: Debian's mosquitto on a free port of the loopback. */
#include "meter/mqtt.h"

#include <arpa/inet.h>
#include <mosquitto.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "meter/testing.h"

static void pause_ms(int ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL); }

static int free_port(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  int s = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(s >= 0 && bind(s, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(s, (struct sockaddr *)&at, &len) == 0);
  close(s);
  return ntohs(at.sin_port);
}

static const char *broker_path(void) {
  static const char *const PATHS[] = {"/usr/sbin/mosquitto", "/usr/bin/mosquitto"};
  for (int i = 0; i < 2; i++)
    if (access(PATHS[i], X_OK) == 0) return PATHS[i];
  print_message("# skipped: mosquitto is not here\n");
  skip();
  return NULL;
}

static pid_t start_broker(int port, char folder[64]) {
  char config[96];
  const char *path = broker_path();
  strcpy(folder, "/tmp/mqtt_test_XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(config, sizeof config, "%s/c.conf", folder);
  FILE *file = fopen(config, "w");
  assert_non_null(file);
  fprintf(file, "listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n", port);
  fclose(file);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    execl(path, path, "-c", config, (char *)NULL);
    _exit(127);
  }
  return child;
}

static void publish(int port, const char *topic, Text bytes) {
  struct mosquitto *client = mosquitto_new(NULL, true, NULL);
  assert_non_null(client);
  int code = MOSQ_ERR_ERRNO;
  for (int i = 0; i < 100 && code != MOSQ_ERR_SUCCESS; i++) {
    code = mosquitto_connect(client, "127.0.0.1", port, 30);
    if (code != MOSQ_ERR_SUCCESS) pause_ms(50);
  }
  assert_int_equal(code, MOSQ_ERR_SUCCESS);
  assert_int_equal(mosquitto_loop_start(client), MOSQ_ERR_SUCCESS);
  assert_int_equal(mosquitto_publish(client, NULL, topic, (int)bytes.len, bytes.at, 1, false), MOSQ_ERR_SUCCESS);
  for (int i = 0; i < 200 && mosquitto_want_write(client); i++) pause_ms(10);
  pause_ms(200);
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, false);
  mosquitto_destroy(client);
}

typedef struct Ask {
  MeterTown *t;
  const char *sql;
  int64_t value;
} Ask;

/* Over the desk, since its thread owns the connection now. */
static bool work_ask(DeskContext *context, void *command, Error *error) {
  Ask *ask = command;
  (void)context, (void)error;
  ask->value = meter_town_rows(ask->t, ask->sql);
  return true;
}

static int64_t rows(MeterTown *t, const char *sql) {
  Ask ask = {t, sql, -1};
  Error error = {0};
  assert_ok(desk_do(t->town.desk, work_ask, &ask, TEXT("system"), &error), &error);
  return ask.value;
}

static bool until_rows(MeterTown *t, const char *sql, int64_t wanted) {
  for (int i = 0; i < 300; i++) {
    if (rows(t, sql) == wanted) return true;
    pause_ms(50);
  }
  return false;
}

static void test_kept_before_acknowledged(void **state) {
  MeterTown t;
  char folder[64];
  MeterMqtt *mqtt;
  Error error = {0};
  (void)state;
  int port = free_port();
  pid_t broker = start_broker(port, folder);
  mosquitto_lib_init();
  meter_town_open(&t);
  assert_ok(desk_start(t.town.desk, &error), &error);
  MeterMqttOptions options = {.host = "127.0.0.1", .port = port};
  assert_ok(meter_mqtt_start(&mqtt, t.town.desk, t.meters, &options, &error), &error);
  for (int i = 0; i < 300 && !meter_mqtt_figures(mqtt).connected; i++) pause_ms(50);
  assert_true(meter_mqtt_figures(mqtt).connected);
  pause_ms(200); /* the subscription's answer */
  publish(port, "dianbaomu/readings/csv", TEXT("meter,time,voltage_a\nM10001111,2026-12-31 20:00,219.5\nM1,2026-12-31 20:00,1\n"));
  assert_true(until_rows(&t, "SELECT COUNT(*) FROM reading_batch", 1));
  assert_true(until_rows(&t, "SELECT COUNT(*) FROM reading_aside", 1));
  publish(port, "dianbaomu/readings/json", TEXT("not json"));
  assert_true(until_rows(&t, "SELECT COUNT(*) FROM reading_aside", 2));
  publish(port, "dianbaomu/power/json", TEXT("{\"events\":[{\"meter\":\"M10001111\",\"code\":\"3.26.136.47\",\"at\":\"2026-12-31T20:05:00+08:00\"}]}"));
  assert_true(until_rows(&t, "SELECT COUNT(*) FROM event WHERE kind = 'meter.power'", 1));
  /* the store fails once: no acknowledgement goes out, the broker sends it again, and it is kept once */
  log_level(LOG_NONE);
  db_fail_at(3);
  publish(port, "dianbaomu/readings/csv", TEXT("meter,time,voltage_a\nM10001111,2026-12-31 20:10,219.6\n"));
  assert_true(until_rows(&t, "SELECT COUNT(*) FROM reading_batch", 2));
  db_fail_at(0);
  assert_int_equal(meter_mqtt_figures(mqtt).failed, 1);
  log_level(LOG_INFO);
  meter_mqtt_stop(mqtt);
  desk_stop(t.town.desk);
  meter_town_close(&t);
  mosquitto_lib_cleanup();
  kill(broker, SIGTERM);
  waitpid(broker, NULL, 0);
  char config[96];
  snprintf(config, sizeof config, "%s/c.conf", folder);
  unlink(config);
  rmdir(folder);
}

TEST_MAIN(TEST(test_kept_before_acknowledged))
