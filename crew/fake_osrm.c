#include "crew/fake_osrm.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/testing.h"

double fake_osrm_truth(double lon_a, double lat_a, double lon_b, double lat_b) {
  return round(fabs(lon_a - lon_b) * 1e5 + fabs(lat_a - lat_b) * 3e5 + (lon_a < lon_b ? 7 : 0)) / 10;
}

static void send_all(int client, const char *bytes, size_t len) {
  while (len) {
    ssize_t sent = send(client, bytes, len, MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes += sent, len -= (size_t)sent;
  }
}

static void reply(int client, int status, const Buffer *body) {
  char head[200];
  int len = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, body->len);
  send_all(client, head, (size_t)len);
  send_all(client, body->at, body->len);
}

static int read_list(const char *query, const char *name, int *out, int places) {
  const char *at = strstr(query, name);
  int count = 0;
  if (!at)
    for (int i = 0; i < places; i++) out[count++] = i;
  for (at = at ? at + strlen(name) : NULL; at && count < FAKE_OSRM_POINTS; at = *at == ';' ? at + 1 : NULL) out[count++] = (int)strtol(at, (char **)&at, 10);
  return count;
}

static void put_table(Buffer *out, Server *server, char *target) {
  double lon[2 * FAKE_OSRM_POINTS], lat[2 * FAKE_OSRM_POINTS];
  int places = 0, rows[2 * FAKE_OSRM_POINTS], columns[2 * FAKE_OSRM_POINTS];
  char *query = strchr(target, '?'), *at = target + strlen("/table/v1/driving/");
  for (*query++ = '\0'; places < 2 * FAKE_OSRM_POINTS; at++) {
    lon[places] = strtod(at, &at);
    lat[places++] = strtod(at + 1, &at);
    if (*at != ';') break;
  }
  int row_count = read_list(query, "sources=", rows, places), column_count = read_list(query, "destinations=", columns, places);
  if (row_count * column_count > server->largest) server->largest = row_count * column_count;
  if (row_count > server->table_most || column_count > server->table_most) {
    buffer_string(out, "{\"code\":\"TooBig\",\"message\":\"Too many table coordinates\"}");
    return;
  }
  buffer_string(out, "{\"code\":\"Ok\",\"durations\":[");
  for (int i = 0; i < row_count - (server->mood == MOOD_SHORT_TABLE); i++) {
    buffer_string(out, i ? ",[" : "[");
    for (int j = 0; j < column_count; j++) {
      int a = rows[i], b = columns[j];
      if (j) buffer_byte(out, ',');
      if (server->mood == MOOD_NULLS && a != b && (a + b) % 3 == 0) buffer_string(out, "null");
      else if (server->mood == MOOD_NEGATIVE && i == row_count - 1) buffer_string(out, "-4");
      else buffer_f64(out, fake_osrm_truth(lon[a], lat[a], lon[b], lat[b]), 1);
    }
    buffer_byte(out, ']');
  }
  buffer_string(out, "]}");
}

static void serve_one(Server *server, int client) {
  char request[16384] = "", target[16384] = "";
  size_t got = 0;
  while (got < sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
    ssize_t more = recv(client, request + got, sizeof request - 1 - got, 0);
    if (more <= 0) return;
    got += (size_t)more, request[got] = '\0';
  }
  sscanf(request, "GET %16383s", target);
  int nth = ++server->requests, mood = server->mood;
  Buffer body;
  buffer_begin(&body, 0);
  if (mood == MOOD_FAIL || (mood == MOOD_FAIL_ONCE && nth == 1)) {
    reply(client, 500, &body);
  } else if (mood == MOOD_REFUSE) {
    buffer_string(&body, "{\"code\":\"InvalidQuery\"}");
    reply(client, 400, &body);
  } else if (mood == MOOD_GARBAGE) {
    buffer_string(&body, "<html>it works</html>");
    reply(client, 200, &body);
  } else if (mood == MOOD_SLOW) {
    usleep(400000);
  } else if (mood == MOOD_ENDLESS) {
    for (int i = 0; i < 1 << 20; i++) buffer_string(&body, "[0,0,0,0]");
    reply(client, 200, &body);
  } else if (mood != MOOD_CLOSE) {
    put_table(&body, server, target);
    reply(client, text_find(buffer_as_text(&body), TEXT("TooBig")) >= 0 ? 400 : 200, &body);
  }
  buffer_end(&body);
}

static void *serve(void *self) {
  Server *server = self;
  for (;;) {
    int client = accept(server->socket, NULL, NULL);
    if (server->stop || client < 0) {
      if (client >= 0) close(client);
      return NULL;
    }
    serve_one(server, client);
    close(client);
  }
}

void fake_osrm_open(Server *server, Mood mood) {
  memset(server, 0, sizeof *server);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  server->mood = (int)mood;
  server->table_most = 100;
  server->socket = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(server->socket >= 0 && bind(server->socket, (struct sockaddr *)&address, sizeof address) == 0 && listen(server->socket, 16) == 0);
  assert_int_equal(getsockname(server->socket, (struct sockaddr *)&address, &length), 0);
  server->port = ntohs(address.sin_port);
  assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

void fake_osrm_close(Server *server) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  server->stop = true;
  int wake = socket(AF_INET, SOCK_STREAM, 0);
  (void)!connect(wake, (struct sockaddr *)&address, sizeof address);
  pthread_join(server->thread, NULL);
  close(wake), close(server->socket);
}
