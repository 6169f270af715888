/* DL/T 645 on the loopback: a simulated meter, and one who reads it. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/command.h"
#include "base/time.h"
#include "meter/dlt645.h"

enum { WAIT_MS = 3000, STREAM_MAX = 4096 };

static bool loopback(struct sockaddr_in *out, int64_t port) {
  *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return true;
}

/* A household at this moment: 220 V with some movement, a load with the hours; the register grows with the days. */
static int measure(double out[DLT645_VALUES_MAX], uint32_t identifier) {
  TimeSource wall = {0};
  Instant now = time_now(&wall);
  double day = (double)((now + ZONE_SHANGHAI) % SPAN_DAY) / (double)SPAN_DAY, kw = 0.4 + 0.8 * exp(-pow((day - 0.82) / 0.06, 2)),
         volts = 226 - 8 * kw;
  double kwh = 1000 + (double)(now / SPAN_DAY % 10000) * 6.2 + day * 6.2;
  switch (identifier) {
    case 0x00010000:
      return out[0] = kwh, 1;
    case 0x00020000:
      return out[0] = 0, 1;
    case 0x02010100:
      return out[0] = volts, 1;
    case 0x0201FF00:
      return out[0] = volts, out[1] = NAN, out[2] = NAN, 3;
    case 0x02020100:
      return out[0] = kw * 1000 / volts, 1;
    case 0x0202FF00:
      return out[0] = kw * 1000 / volts, out[1] = NAN, out[2] = NAN, 3;
    case 0x02030000:
      return out[0] = kw, 1;
    case 0x02040000:
      return out[0] = kw * 0.3, 1;
    default:
      return 0;
  }
}

static bool send_frame(int to, const Dlt645Frame *frame) {
  Buffer bytes;
  buffer_begin(&bytes, 0);
  dlt645_put(&bytes, frame);
  bool sent = !bytes.failed && send(to, bytes.at, bytes.len, MSG_NOSIGNAL) == (ssize_t)bytes.len;
  buffer_end(&bytes);
  return sent;
}

/* The next sound frame; wrong ones are told on standard error and passed over, as a meter does. false: closed, or nothing came in time. */
static bool next_frame(int from, Dlt645Frame *out, uint8_t *stream, size_t *held, int wait_ms) {
  for (;;) {
    size_t used;
    Error error = {0};
    Dlt645Found found = dlt645_find(out, stream, *held, &used, &error);
    memmove(stream, stream + used, *held - used);
    *held -= used;
    if (found == DLT645_FRAME) return true;
    if (found == DLT645_WRONG) {
      fprintf(stderr, "dianbaomu: %s\n", error.argument[0]);
      continue;
    }
    struct pollfd ready = {.fd = from, .events = POLLIN};
    if (*held == STREAM_MAX || poll(&ready, 1, wait_ms) <= 0) return false;
    ssize_t got = recv(from, stream + *held, STREAM_MAX - *held, 0);
    if (got <= 0) return false;
    *held += (size_t)got;
  }
}

static void answer_one(int client, const char *address) {
  uint8_t stream[STREAM_MAX];
  size_t held = 0;
  Dlt645Frame frame, answer;
  while (next_frame(client, &frame, stream, &held, -1)) {
    double values[DLT645_VALUES_MAX];
    if (frame.control != DLT645_READ || (strcmp(frame.address, address) != 0 && frame.address[0] != 'A'))
      continue; /* not for us: a meter is silent */
    int count = measure(values, dlt645_identifier(&frame));
    memcpy(frame.address, address, sizeof frame.address);
    dlt645_answer(&answer, &frame, values, count);
    if (!send_frame(client, &answer)) return;
  }
}

static bool serve(int64_t port, const char *address, Error *error) {
  struct sockaddr_in at;
  socklen_t len = sizeof at;
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  loopback(&at, port);
  if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 8) != 0 ||
      getsockname(listener, (struct sockaddr *)&at, &len) != 0) {
    error_raise(error, ERROR_IO, "127.0.0.1:%lld\t%s", (long long)port, strerror(errno));
    if (listener >= 0) close(listener);
    return false;
  }
  printf(command_language() == LANGUAGE_ZH ? "电表 %s: 127.0.0.1:%u\n" : "meter %s: 127.0.0.1:%u\n", address, ntohs(at.sin_port));
  fflush(stdout);
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client < 0 && errno != EINTR) break;
    if (client < 0) continue;
    answer_one(client, address);
    close(client);
  }
  close(listener);
  return error_raise(error, ERROR_IO, "accept\t%s", strerror(errno));
}

static bool ask(int to, Text address, const Dlt645Item *item, Error *error) {
  uint8_t stream[STREAM_MAX];
  size_t held = 0;
  double values[DLT645_VALUES_MAX];
  int count;
  Dlt645Frame frame, answer;
  if (!dlt645_read_frame(&frame, address, item->identifier, error)) return false;
  if (!send_frame(to, &frame) || !next_frame(to, &answer, stream, &held, WAIT_MS))
    return error_raise(error, ERROR_METER_SILENT, "%s", frame.address);
  if (!dlt645_values(values, &count, &answer, error)) return error_at(error, "%s", item->name);
  printf("%s %s", answer.address, item->name);
  for (int i = 0; i < count; i++) {
    if (isnan(values[i]))
      printf(" –");
    else
      printf(" %.*f", item->decimals, values[i]);
  }
  printf(" %s\n", item->unit);
  return true;
}

static bool read_meter(const CommandLine *line, int64_t port, const char *address, Error *error) {
  struct sockaddr_in at;
  static const char *const USUAL[] = {"energy", "voltages", "current_a", "power"};
  int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  loopback(&at, port);
  bool ok = to >= 0 && connect(to, (struct sockaddr *)&at, sizeof at) == 0;
  if (!ok) error_raise(error, ERROR_IO, "127.0.0.1:%lld\t%s", (long long)port, strerror(errno));
  for (int i = 0; ok && i < (line->words ? line->words : 4); i++) {
    const char *name = line->words ? line->word[i] : USUAL[i];
    const Dlt645Item *item = dlt645_item_named(text_of(name));
    ok = item ? ask(to, text_of(address), item, error) : error_raise(error, ERROR_NOT_FOUND, "item\t%s", name);
  }
  if (to >= 0) close(to);
  return ok;
}

int command_meter645(const CommandLine *line) {
  Error error = {0};
  int64_t port;
  const char *read = command_option(line, "--read"), *address = command_option(line, "--address"),
             *serving = command_option(line, "--serve");
  Dlt645Frame own;
  if (!read == !serving) {
    error_raise(&error, ERROR_USAGE, "say --serve PORT, or --read ADDRESS --port PORT\tmeter645");
    return command_failed(&error);
  }
  if (!command_number(line, serving ? "--serve" : "--port", 0, 0, 65535, &port, &error)) return command_failed(&error);
  if (serving && !dlt645_read_frame(&own, text_of(address ? address : "202411110002"), 0, &error)) return command_failed(&error);
  bool ok = serving ? serve(port, own.address, &error) : read_meter(line, port, read, &error);
  return ok ? 0 : command_failed(&error);
}
