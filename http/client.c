#include "http/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

bool client_open(Client *client, uint16_t port, Error *error) {
  *client = (Client){.socket = socket(AF_INET, SOCK_STREAM, 0)};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int yes = 1;
  buffer_begin(&client->in, 0);
  buffer_begin(&client->stream, 0);
  if (client->socket < 0 || connect(client->socket, (struct sockaddr *)&address, sizeof address) != 0) {
    error_raise(error, ERROR_IO, "port %u\t%s", port, strerror(errno));
    client_close(client);
    return false;
  }
  setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return true;
}

void client_close(Client *client) {
  if (client->socket >= 0) close(client->socket);
  client->socket = -1;
  buffer_end(&client->in);
  buffer_end(&client->stream);
}

bool client_send(Client *client, Text bytes, Error *error) {
  while (bytes.len) {
    ssize_t sent = send(client->socket, bytes.at, bytes.len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return error_raise(error, ERROR_IO, "send\t%s", strerror(errno));
    bytes = text_slice(bytes, (size_t)sent, bytes.len);
  }
  return true;
}

/* false: closed, or nothing came for too long. */
static bool receive(Client *client, Error *error) {
  struct pollfd wait = {.fd = client->socket, .events = POLLIN};
  if (poll(&wait, 1, CLIENT_WAIT_MS) != 1) return error_raise(error, ERROR_IO, "receive\tnothing came");
  if (!buffer_reserve(&client->in, 65536)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "client");
  ssize_t got = recv(client->socket, client->in.at + client->in.len, 65536, 0);
  if (got <= 0) return error_raise(error, ERROR_IO, "receive\t%s", got == 0 ? "closed" : strerror(errno));
  client->in.len += (size_t)got;
  return true;
}

static Text unread(const Client *client) { return (Text){client->in.at + client->used, client->in.len - client->used}; }

static void forget_read(Client *client) {
  if (client->in.len > client->used) memmove(client->in.at, client->in.at + client->used, client->in.len - client->used);
  client->in.len -= client->used;
  client->used = 0;
}

/* Everything up to `end`, which is taken too. */
static bool take_until(Text *out, Client *client, Text end, Error *error) {
  ptrdiff_t at;
  while ((at = client->in.at ? text_find(unread(client), end) : -1) < 0)
    if (!receive(client, error)) return false;
  *out = text_slice(unread(client), 0, (size_t)at);
  client->used += (size_t)at + end.len;
  return true;
}

static bool take_bytes(Buffer *out, Client *client, size_t len, Error *error) {
  while (unread(client).len < len)
    if (!receive(client, error)) return false;
  buffer_put(out, unread(client).at, len);
  client->used += len;
  return out->failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "reply") : true;
}

Text client_header(const ClientReply *reply, const char *name) {
  size_t len = strlen(name);
  for (Text rest = reply->head, line; text_next(&rest, '\n', &line);)
    if (line.len > len && line.at[len] == ':' && strncasecmp(line.at, name, len) == 0) return text_trim(text_slice(line, len + 1, line.len));
  return TEXT_NONE;
}

bool client_reply_head(ClientReply *out, Client *client, Error *error) {
  *out = (ClientReply){0};
  buffer_begin(&out->body, 0);
  forget_read(client);
  if (!take_until(&out->head, client, TEXT("\r\n\r\n"), error)) return false;
  int64_t status = 0;
  if (out->head.len < 12 || !text_starts(out->head, TEXT("HTTP/1.")) || !text_to_i64(text_slice(out->head, 9, 12), &status))
    return error_raise(error, ERROR_IO, "reply\tnot HTTP");
  out->status = (int)status;
  return true;
}

static bool take_chunk(Buffer *out, Client *client, size_t *len, Error *error) {
  Text line;
  char number[20];
  if (!take_until(&line, client, TEXT("\r\n"), error)) return false;
  snprintf(number, sizeof number, "%.*s", (int)(line.len < 19 ? line.len : 19), line.at);
  *len = strtoul(number, NULL, 16);
  return take_bytes(out, client, *len, error) && take_until(&line, client, TEXT("\r\n"), error);
}

bool client_reply(ClientReply *out, Client *client, bool headless, Error *error) {
  if (!client_reply_head(out, client, error)) return false;
  size_t head_at = (size_t)(out->head.at - client->in.at); /* receiving may move the bytes */
  int64_t len = 0;
  bool ok = true, chunked = text_is(client_header(out, "Transfer-Encoding"), "chunked");
  if (headless || out->status == 204 || out->status == 304) return true;
  if (chunked) {
    for (size_t part = 1; ok && part > 0;) ok = take_chunk(&out->body, client, &part, error);
  } else if (text_to_i64(client_header(out, "Content-Length"), &len)) {
    ok = take_bytes(&out->body, client, (size_t)len, error);
  }
  out->head.at = client->in.at + head_at;
  if (!ok) buffer_end(&out->body);
  return ok;
}

bool client_event(Text *out, Client *client, Error *error) {
  for (;;) {
    Text stream = text_slice(buffer_as_text(&client->stream), client->stream_used, client->stream.len);
    ptrdiff_t end = stream.len ? text_find(stream, TEXT("\n\n")) : -1;
    if (end >= 0) {
      client->stream_used += (size_t)end + 2;
      *out = text_slice(stream, 0, (size_t)end);
      return true;
    }
    size_t len;
    if (stream.len) memmove(client->stream.at, stream.at, stream.len);
    client->stream.len = stream.len;
    client->stream_used = 0;
    if (!take_chunk(&client->stream, client, &len, error)) return false;
    if (len == 0) return error_raise(error, ERROR_IO, "stream\tended");
    forget_read(client);
  }
}

bool client_is_closed(Client *client) {
  Error error = {0};
  while (receive(client, &error)) continue;
  return text_is(text_of(error.argument[1]), "closed") || text_is(text_of(error.argument[1]), strerror(ECONNRESET));
}
