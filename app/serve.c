#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/assets.h"
#include "app/command.h"
#include "app/company.h"
#include "app/counties.h"
#include "app/relay.h"
#include "base/disk.h"
#include "base/log.h"
#include "meter/mqtt.h"
#include "crew/plan.h"
#include "people/oidc.h"
#include "people/routes.h"
#include "store/schema.h"

typedef struct Place {
  const char *data, *address;
  int64_t county_id, port;
  bool shared;     /* a database, with other servers */
  char reach[128]; /* … which find this one here */
} Place;

typedef struct Serve {
  House house;
  Http *http;
  Replay *replay;
  MeterMqtt *mqtt;
  Oidc *oidc;
  Company company;
  Relay *relay; /* while this server stands by */
  bool again;   /* the county is another's now */
} Serve;

static void replay_ended(void *self, const ReplaySummary *summary) {
  Buffer text;
  (void)self;
  buffer_begin(&text, 0);
  replay_print_summary(summary, command_language(), &text);
  fwrite(text.at, 1, text.len, stdout);
  fflush(stdout);
  buffer_end(&text);
}

static bool name_company(Serve *serve, Error *error) {
  Arena arena;
  Text name, demonstration;
  arena_begin(&arena, 0);
  bool ok = house_setting(&name, &serve->house, "name", &arena, error) && house_setting(&demonstration, &serve->house, "demonstration", &arena, error);
  if (ok) {
    for (size_t row = 0; row < people_org_count(serve->house.people) && !name.len; row++) {
      const Org *org = people_org(serve->house.people, row);
      if (text_is(org->level, "county")) name = org->name;
    }
    snprintf(serve->company.name, sizeof serve->company.name, "%.*s", TEXT_ARG(name));
    serve->company.demonstration = demonstration.len > 0;
  }
  arena_end(&arena);
  return ok;
}

/* The last evening of December that is already past, so that real time never runs before it. */
static int evening_year(void) {
  TimeSource wall = {0};
  return civil_of(time_now(&wall), ZONE_SHANGHAI).year - 1;
}

/* An evening was planned here, and nobody has looked at it yet: it is played when they do. */
static bool evening_waits(bool *out, Serve *serve, Error *error) {
  Arena arena;
  Text planned;
  arena_begin(&arena, 0);
  bool ok = house_setting(&planned, &serve->house, "demonstration", &arena, error) && house_untouched(out, &serve->house, error);
  *out = ok && *out && text_is(planned, "new-year");
  arena_end(&arena);
  return ok;
}

static bool plan_evening(Serve *serve, const CommandLine *line, Error *error) {
  const char *name = command_option(line, "--replay");
  double speed;
  int64_t seed;
  bool waits = false;
  if (!name && !evening_waits(&waits, serve, error)) return false;
  if (waits) name = "new-year";
  if (!name) return true;
  if (strcmp(name, "new-year") != 0) return error_raise(error, ERROR_NOT_FOUND, "%s\t%s", "replay", name);
  if (!command_decimal(line, "--speed", 60, 0.1, 1000, &speed, error) || !command_number(line, "--seed", 1, 0, INT64_MAX, &seed, error)) return false;
  ReplayRooms rooms = {serve->house.desk, &serve->house.time, serve->house.grid, serve->house.people, serve->house.orders, serve->house.outages, serve->house.crews};
  EveningOptions evening = {.seed = (uint64_t)seed, .year = evening_year(), .own_faults = 6, .calling = 0.18, .gasping = 0.3};
  if (!replay_open(&serve->replay, &rooms, &evening, error)) return false;
  serve->company.replay = serve->replay;
  serve->company.demonstration = true;
  return house_set(&serve->house, "demonstration", TEXT("new-year"), error) && replay_start(serve->replay, speed, replay_ended, NULL, error);
}

/* --oidc FILE: the company's own sign-in service. */
static bool use_oidc(Serve *serve, const CommandLine *line, Error *error) {
  const char *file = command_option(line, "--oidc");
  if (file && !oidc_open(&serve->oidc, file, &serve->house.wall, error)) return false;
  return staff_use_oidc(serve->house.staff, serve->oidc, serve->house.db, error);
}

static bool open_http(Serve *serve, const CommandLine *line, Error *error) {
  House *house = &serve->house;
  int64_t port;
  const HttpAsset *assets;
  const char *address = command_option(line, "--address");
  if (!command_number(line, "--port", 9559, 0, 65535, &port, error)) return false;
  HttpOptions options = {.address = address ? address : "127.0.0.1", .port = (uint16_t)port, .store_address = house->folder.store, .county_id = house->county_id,
                         .desk = house->desk, .time = &house->time, .behind_tls = command_option(line, "--behind-tls") != NULL,
                         .role_names = STAFF_ROLE_NAMES, .identify = staff_identify, .sees_all = staff_sees_all, .identify_self = house->staff, .unheard = STAFF_UNHEARD};
  if (!http_open(&serve->http, &options, error)) return false;
  size_t count = app_assets(&assets);
  http_add_assets(serve->http, assets, count);
  return http_add_routes(serve->http, COUNTIES_ROUTES, house->people, error) && company_add_routes(serve->http, &serve->company, error) && http_add_routes(serve->http, STAFF_ROUTES, house->staff, error) && http_add_routes(serve->http, OIDC_ROUTES, house->staff, error) && http_add_routes(serve->http, AUDIT_ROUTES, house->staff, error) &&
         people_add_routes(serve->http, house->people, error) && arrears_add_routes(serve->http, house->arrears, error) && order_add_routes(serve->http, house->orders, error) &&
         http_add_routes(serve->http, GROUP_ROUTES, house->groups, error) && hall_add_routes(serve->http, house->hall, error) && http_add_routes(serve->http, PRIVACY_ROUTES, house->privacy, error) &&
         outage_add_routes(serve->http, house->outages, error) && crew_add_routes(serve->http, house->crews, error) &&
         visit_add_routes(serve->http, house->visits, error) && meter_add_routes(serve->http, house->meters, error) && supply_add_routes(serve->http, house->supply, error);
}

/* --mqtt HOST:PORT; the account, if the broker wants one, from the environment: DIANBAOMU_MQTT_USER, DIANBAOMU_MQTT_PASSWORD. */
static bool start_mqtt(Serve *serve, const CommandLine *line, Error *error) {
  const char *given = command_option(line, "--mqtt"), *colon = given ? strrchr(given, ':') : NULL;
  char host[128];
  int64_t port = 1883;
  if (!given) return true;
  snprintf(host, sizeof host, "%.*s", colon ? (int)(colon - given) : 127, given);
  if (colon && (!text_to_i64(text_of(colon + 1), &port) || port < 1 || port > 65535)) return error_raise(error, ERROR_USAGE, "option --mqtt takes HOST:PORT, not '%s'\tserve", given);
  MeterMqttOptions options = {.host = host, .port = (int)port, .username = getenv("DIANBAOMU_MQTT_USER"), .password = getenv("DIANBAOMU_MQTT_PASSWORD")};
  return meter_mqtt_start(&serve->mqtt, serve->house.desk, serve->house.meters, &options, error);
}

/* So long, at most; false: nobody said to end. */
static bool told_to_end(int wait_ms) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return sigtimedwait(&signals, NULL, &(struct timespec){.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L}) > 0;
}

/* Until somebody says to end, or another server has taken the county. */
static void serve_on(Serve *serve) {
  while (!told_to_end(250))
    if (serve->house.lease && lease_lost(serve->house.lease)) {
      log_line(LOG_WARN, "serve: another server has the county; standing by");
      serve->again = true;
      return;
    }
}

static bool place_of(Place *place, const CommandLine *line, Error *error) {
  const char *address = command_option(line, "--address"), *reach = command_option(line, "--reach");
  *place = (Place){.data = command_data(line), .address = address ? address : "127.0.0.1"};
  if (!command_county(line, &place->county_id, error) || !command_number(line, "--port", 9559, 0, 65535, &place->port, error)) return false;
  place->shared = !db_address_is_file(place->data);
  if (place->shared && place->port == 0 && !reach)
    return error_raise(error, ERROR_USAGE, "on a database the other servers must know where this one is: --port or --reach\tserve");
  if (reach) snprintf(place->reach, sizeof place->reach, "%s", reach);
  else snprintf(place->reach, sizeof place->reach, "%s:%lld", place->address, (long long)place->port);
  return true;
}

static bool bring_up(const Place *place, Error *error) {
  Db *db = NULL;
  bool ok = db_open(&db, place->data, DB_WRITE, error) && schema_migrate(db, error);
  db_close(db);
  return ok;
}

/* Stands by until the county is ours; who comes meanwhile is passed on to its holder. *lease NULL: told to end. */
static bool stand_by(Lease **lease, Serve *serve, const Place *place, Error *error) {
  bool up = false, waits = false;
  *lease = NULL;
  if (place->port && !relay_start(&serve->relay, place->address, (uint16_t)place->port, place->data, place->county_id, place->reach, error)) return false;
  for (;;) {
    error_clear(error);
    if ((up = up || bring_up(place, error)) && lease_take(lease, place->data, place->county_id, place->reach, error)) {
      log_line(LOG_INFO, "serve: county %lld is ours, token %lld", (long long)place->county_id, (long long)lease_token(*lease));
      return true;
    }
    if (error->code != ERROR_STORE_LOCKED && error->code != ERROR_STORE_GONE && error->code != ERROR_STORE_BUSY) return false;
    if (!waits) log_error("serve: standing by", error);
    waits = true;
    if (told_to_end(error->code == ERROR_STORE_LOCKED ? 0 : 300)) return true;
  }
}

/* The first password, for the owner of the program alone: a service must not print it into a journal. */
static bool write_password(int file, const char *path, const char *password, Error *error) {
  char line[STAFF_PASSWORD_TEXT + 16];
  int len = snprintf(line, sizeof line, "admin / %s\n", password);
  bool ok = ftruncate(file, 0) == 0 ? disk_write(file, line, (size_t)len, path, error) && disk_sync(file, path, error) && disk_sync_name(path, error)
                                  : error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
  explicit_bzero(line, sizeof line);
  return ok;
}

/* Only once everything else stands, and its file is open: a password must not be made and lost by a start that fails. */
static bool first_password(Serve *serve, const CommandLine *line, Error *error) {
  char password[STAFF_PASSWORD_TEXT] = "";
  const char *path = command_option(line, "--password-file");
  bool zh = command_language() == LANGUAGE_ZH;
  int file = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
  if (path && (file < 0 || fchmod(file, 0600) != 0)) return error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
  bool ok = staff_first_administrator(serve->house.staff, password, error);
  if (ok && password[0] && path) ok = write_password(file, path, password, error);
  if (ok && password[0] && !path) printf(zh ? "登录: admin / %s  (仅显示这一次)\n" : "sign in: admin / %s  (shown this once)\n", password);
  if (file >= 0) close(file);
  explicit_bzero(password, sizeof password);
  return ok;
}

/* The relay answered until now: its socket is free the moment before ours is made. */
static bool start_http(Serve *serve, Error *error) {
  relay_stop(serve->relay);
  serve->relay = NULL;
  return http_start(serve->http, error);
}

static bool serve_until_told(Serve *serve, const CommandLine *line, Error *error) {
  Place place;
  const char *address = command_option(line, "--address");
  if (!place_of(&place, line, error)) return false;
  HouseOptions options = {.data = place.data, .county_id = place.county_id, .rules = command_option(line, "--rules"), .mode = DB_WRITE, .make = true,
                          .checkpoints = true};
  if (place.shared && !stand_by(&options.lease, serve, &place, error)) return false;
  if (place.shared && !options.lease) return true;
  if (!house_open(&serve->house, &options, error)) return false;
  serve->company.house = &serve->house;
  if (!use_oidc(serve, line, error)) return false;
  if (!name_company(serve, error) || !open_http(serve, line, error) || !plan_evening(serve, line, error)) return false;
  if (command_option(line, "--osrm") && !crew_plan_route(serve->house.crews, command_option(line, "--osrm"), error)) return false;
  desk_on_published(serve->house.desk, http_published, serve->http);
  if (!supply_search_open(serve->house.supply, serve->house.folder.store, error)) return false;
  if (!crew_plan_start(serve->house.crews, error) || !desk_start(serve->house.desk, error) || !start_http(serve, error) || !start_mqtt(serve, line, error)) return false;
  bool zh = command_language() == LANGUAGE_ZH;
  printf(zh ? "电保姆: http://%s:%u/\n" : "dianbaomu: http://%s:%u/\n", address ? address : "127.0.0.1", http_port(serve->http));
  if (!first_password(serve, line, error)) return false;
  fflush(stdout);
  serve_on(serve);
  return true;
}

static bool serve_once(Serve *serve, const CommandLine *line, Error *error) {
  bool ok = serve_until_told(serve, line, error);
  /* lost while the house was being opened: as if it had been lost later */
  if (!ok && serve->house.lease && (error->code == ERROR_LEASE_LOST || error->code == ERROR_STORE_GONE)) serve->again = true, log_error("serve", error);
  meter_mqtt_stop(serve->mqtt);
  if (serve->http) http_stop(serve->http);
  replay_close(serve->replay);
  crew_plan_stop(serve->house.crews);
  if (serve->house.supply) supply_search_close(serve->house.supply); /* before the desk: it writes over it */
  if (serve->house.desk) desk_stop(serve->house.desk);
  http_close(serve->http);
  oidc_close(serve->oidc);
  house_close(&serve->house);
  relay_stop(serve->relay);
  *serve = (Serve){.again = serve->again, .house.folder.lock = -1};
  return ok;
}

int command_serve(const CommandLine *line) {
  Error error = {0};
  Serve *serve = memory_new(sizeof *serve);
  sigset_t signals;
  if (!command_words(line, 0, 0, &error)) return command_failed(&error);
  if (!serve) return 1;
  serve->house.folder.lock = -1;
  sigemptyset(&signals); /* before any thread is made, so that all of them leave these to sigwait */
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  signal(SIGPIPE, SIG_IGN);
  bool ok;
  do {
    serve->again = false;
    ok = serve_once(serve, line, &error);
  } while (serve->again);
  memory_free(serve);
  return ok ? 0 : command_failed(&error);
}
