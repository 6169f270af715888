/* A small blocking HTTP client over one loopback connection, for tests and measuring. It says nothing of its own: what is sent is what the
 * caller wrote, sound or not. Waits at most CLIENT_WAIT_MS for bytes. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/buffer.h"

enum { CLIENT_WAIT_MS = 20000 };

typedef struct Client {
  int socket; /* -1: closed */
  Buffer in;
  size_t used; /* of `in`, already given out */
  Buffer stream; /* of client_event: unpacked, not given out yet */
  size_t stream_used;
} Client;

typedef struct ClientReply {
  int status;
  Text head; /* status line and headers */
  Buffer body;
} ClientReply;

bool client_open(Client *client, uint16_t port, Error *error) MUST_USE;
void client_close(Client *client);
bool client_send(Client *client, Text bytes, Error *error) MUST_USE;
/* The next reply, its texts valid until the next call. `headless`: one to HEAD, without body. The body is the caller's to end. */
bool client_reply(ClientReply *out, Client *client, bool headless, Error *error) MUST_USE;
/* Only its head, of one whose body goes on without end … */
bool client_reply_head(ClientReply *out, Client *client, Error *error) MUST_USE;
/* … and then one event of it after the other, "id: 1\nevent: …" without the blank line. */
bool client_event(Text *out, Client *client, Error *error) MUST_USE;
Text client_header(const ClientReply *reply, const char *name); /* at == NULL when absent; the first when several */
bool client_is_closed(Client *client);                          /* waits for the other side to close */

#endif
